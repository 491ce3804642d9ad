"""Whether verdicts survive harmless rewordings of what was asked: a fragile one is none to trust."""
