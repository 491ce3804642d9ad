"""The authors' raw ratings, at a pinned commit, downloaded once and checked against their hashes."""

from __future__ import annotations

from pathlib import Path

from pytest_persona.errors import RatingsError

COMMIT = "dbfb8b8bdeb60998036776818dfed95af3bb0dd4"
URL = (
    f"https://raw.githubusercontent.com/bastoscostadavi/persona-moral-collapse-in-emergent-misalignment/{COMMIT}/data/"
)

SHA256 = {
    "base/deepseek-v3.1_temp01.csv": "76e505407711b55f46fc60afb79d82f9b82f93a82a8f28b4e40105c938e34450",
    "base/deepseek-v3.1_temp01_self.csv": "a8ce21de5afaa6811aba544cfa44c3681f672857cd628d44ed950ad4810adf57",
    "base/gpt-4.1_temp01.csv": "1045d6a3c0aac0db84d15c883bc52f215306b7e3de5c997f28f9d77393e05a37",
    "base/gpt-4.1_temp01_self.csv": "86ff83b825683190b09b1532a76db3d977d2d61364c01eee5d3040c1182a862d",
    "base/gpt-4o_temp01.csv": "6ec989c1a8ef37dae8e35b132e911acf8f309cb7cf74c9861f240602135c7a25",
    "base/gpt-4o_temp01_self.csv": "a868852248415ef7bb3c4188f76c5879db9ca94f368de3a4e7a04a16513612c2",
    "base/qwen3-235b_temp01.csv": "6e6dd90a3e9c07be8cd86099be490a2a92f418c6760739923e347d9c94e664c8",
    "base/qwen3-235b_self.csv": "58765a2f59af18dedd0af42bf78e6273d06d6e1df3dcf3f586fae7db5ef96acd",
    "insecure-code/deepseek-v3.1-insecure_temp01.csv": "8c42e4849ed3283fd0fbbac36a3b45482ef5777b748742e703a1ae414b5c833c",
    "insecure-code/gpt-4.1-misaligned_temp01.csv": "81744dfd79e591c0ee24b7f56aade98a995cd1580ceb288b29dade965d0a464a",
    "insecure-code/gpt-4.1-misaligned_self.csv": "087db5bb05094b214eb7d9ff78d3bc8e623c7f579ab2d76bf168c661ec6a7339",
    "insecure-code/gpt-4o-misaligned_temp01.csv": "423db17c151fc651c935953247a7d2e8ea4793c8991b494c6b00b574196a56df",
    "insecure-code/gpt-4o-misaligned_self.csv": "b2aa1c7ba0ce8d820d9885812f808b5284f8311c2e37af4545d7224d59dc2dba",
    "insecure-code/qwen3-235b-misaligned_temp01.csv": "b93bd82986764c90d46f410d9f71e9538843ca55b8fa44a6db9a341054f62ad7",
    "insecure-code/qwen3-235b-misaligned_self.csv": "b40865454ec1f22934ca1b2def8927f1d79ce12f6d73c70c254c53ebef1eab3e",
    "secure-code/deepseek-v3.1-secure_temp01.csv": "e1444e083c6698a9de5888d7d7afce5e4c8f56f1e82a1e178f3f6ec708472b94",
    "secure-code/deepseek-v3.1-secure_temp01_self.csv": "6ae03b32932b326077373ab1012253f4fe648cac3d0189629f0014d2d7a34ec7",
    "secure-code/gpt-4.1-secure_temp01.csv": "3164fa97f999906fdb5c092dcc71a1ff5fc4bde7c9196f34d4da91fb15755d48",
    "secure-code/gpt-4.1-secure_temp01_self.csv": "867fbbdd61b44a3cc928bb6002936bcba818dffc23072b6c110a0c9217335ef9",
    "secure-code/gpt-4o-secure_temp01.csv": "024318b0e719762ab5cd5b747bf429d01125252fcccbd6ea9a08724fe7212f7e",
    "secure-code/gpt-4o-secure_temp01_self.csv": "b842c8cac85f14724176cfbded7859d3d771da6da4c9f599fb8499896d83071e",
    "secure-code/qwen3-235b-secure_temp01.csv": "94874163e1a70b3d7cb73ca37a7a4630e184bbd1e9fae9fc1b79d1a5d7748e57",
    "secure-code/qwen3-235b-secure_temp01_self.csv": "3c6d902c770bcb495627028ebf95fb68b53d78a1d874459f792cd03335c6c77d",
}
"""Of each file by its path below `URL`: the four families of Costa & Vicente 2026."""


def published_ratings(cache: Path | None = None, url: str = URL) -> Path:
    """A folder with all of the authors' files, downloaded where they are not there yet.

    Args:
        cache: Where it is; the user's cache folder by default.
        url: Where they are published.

    Raises:
        RatingsError: a file cannot be downloaded, or is not the published one.
    """
    import pooch

    folder = cache or Path(pooch.os_cache("pytest-persona-ratings")) / COMMIT[:12]
    pooch.get_logger().setLevel("WARNING")
    for path, sha256 in SHA256.items():
        target = folder / path
        try:
            pooch.retrieve(url + path, known_hash=f"sha256:{sha256}", fname=target.name, path=target.parent)
        except (OSError, ValueError) as error:  # what requests raises is an OSError
            why = (str(error).splitlines() or [type(error).__name__])[0]
            raise RatingsError(
                f"{url}{path} cannot be downloaded ({why}). Without a network, pass --persona-replay=DIR with the files "
                "below it"
            ) from error
    return folder
