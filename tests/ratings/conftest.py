"""Files of ratings, read and refused."""

import gzip

import pytest

from pytest_persona.errors import RatingsError
from pytest_persona.ratings import load_ratings


@pytest.fixture
def load(tmp_path):
    """Writes a text under a name and loads it."""

    def write(text, name="ratings.csv"):
        data = text if isinstance(text, bytes) else text.encode()
        path = tmp_path / name
        path.write_bytes(gzip.compress(data) if name.lower().endswith(".gz") and not isinstance(text, bytes) else data)
        return load_ratings(path)

    return write


@pytest.fixture
def refused(load, tmp_path):
    """What is said of a text that is not read; it begins with the path of the file."""

    def tell(text, name="ratings.csv"):
        with pytest.raises(RatingsError) as caught:
            load(text, name)
        message = str(caught.value)
        assert message.startswith(str(tmp_path / name))
        return message.removeprefix(str(tmp_path / name))

    return tell
