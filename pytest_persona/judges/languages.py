"""Function words, by which a text is told from noise, and English from other languages (ours)."""

from __future__ import annotations

_ENGLISH = """
a about above after again against all also although am an and any are aren't as at away back be because been before
being below between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down each else
ever every few for from further had has have haven't having he he'd he'll he's her here hers herself him himself his
how however i i'd i'll i'm i've if in into is isn't it it's its itself just let like may me might more most much must
my myself no nor not now of off on once one only or other our ours out over own per please quite rather s same shall
she she'd she'll she's should shouldn't so some still such t than that that's the their theirs them themselves then
there there's these they they'd they'll they're they've this those through to too under until up upon us very was
wasn't we we'd we'll we're we've were weren't what what's when where which while who whom whose why will with within
without won't would wouldn't yet you you'd you'll you're you've your yours yourself
"""
_OTHERS = """
aber als am auch auf aus bei bin bis da damit dann das dass dein deine dem den der des dich die dir doch du durch ein
eine einem einen einer er es für hat haben ich ihr im ist ja kann kein keine man mehr mich mit nach nicht noch nur oder
schon sein sehr sich sie sind so um und uns vom von vor war was wenn wer wie wir wird zu zum zur über
à au aux avec ce ces cette d dans de des du elle en est et il ils je l la le les leur lui ma mais me mes ne nous on ou
par pas plus pour que qui sa sans se ses son sont sur ta te tes ton tu un une vous y votre ou où
al como con cuando de del el ella en entre era es esta este la las lo los me mi muy no nos o para pero por porque que
se si sin sobre son su sus te tu un una uno y ya
che chi ci come con da dal dalla degli dei del della di e gli ha ho il in la le lei loro lo ma mi ne nel nella non per
più quando se si sono su suo tra tuo un una è
ao aos as com como da das de dele do dos e ela ele em era eu foi mais mas não na nas no nos o os ou para pela pelo por
que se sem seu sua são também te um uma você é
aan als bij dat de deze die dit door een en er het hij hun ik in is je jij kan maar me meer met mijn naar niet nog of om
ons ook op over te tot uit van voor was wat we wel worden zal ze zich zijn zo
att av de den det du ett en för från han har hon i inte jag kan med men mig ni och om på sig som så till var vi är
af at da den der det dig en er et for fra han har hun i ikke jeg kan man med mig og om på så til var vi
ale bo być ci co dla do i ich jak jest już ja lub ma na nie o od po pod przez się są tak te to tym w we z za ze że żeby
a aby ale ani co do i já jak je jen ji jsem k ke kdy když na nebo o od po pro při s se si tak to ty u v ve z za že
ei en että he hän ja jos joka kun me mutta myös ne nyt niin on ole oli sen sinä se tai tämä vain
a az csak de egy el ez és ha hogy is le meg mint nem van vagy
acaba ama bir bu çok da daha de diye en gibi için ile ise ki mi ne o olarak sen ve veya ya
adalah akan anda atau dan dari dengan di ini itu juga kamu ke pada saya sebagai tidak untuk yang
cha hii hiyo katika kama kwa la lakini ma mimi na ni ya yako wa wako wewe za au hapa sana si
ukuthi futhi noma kodwa uma bese ngoba lapho kanye kuze ke nje wena mina yena lokhu lokho leyo le kakhulu ngaphambi
kwakho yakho lakho wakho ngemuva kufanele ungakwazi ukuze njengoba emva kahle khona nge
này và của là có cho không một được với để trong bạn khi như thì cũng những các
și în la de pe cu un o nu este sunt care din pentru dar ca să
"""
_NEVER_AFTER_ARTICLES = """
a an the of and or to in on at is are was were with by for from that be than then if but between
"""
ENGLISH = frozenset(_ENGLISH.split())
FUNCTION_WORDS = ENGLISH | frozenset(_OTHERS.split())
"""Of English and 22 other languages in Latin script; by a few of them a text is known from noise."""
ARTICLES = frozenset({"a", "an", "the"})
NEVER_AFTER_ARTICLES = frozenset(_NEVER_AFTER_ARTICLES.split())
