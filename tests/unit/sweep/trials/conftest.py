import pytest
from small import Project


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)
