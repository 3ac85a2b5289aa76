"""The marker of what is done better here than in phoenix.js."""


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "defect(number): one of phoenix.js's known defects, done better"
    )
