"""A function that is registered twice: phoenix.js's idiom of `on` for each mount."""

import warnings

from rx_phoenix import UsageWarning


def test_a_function_that_is_registered_already_warns_once(stage):
    channel, heard, counts = stage.joined(), [], []
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for _ in range(3):
            channel.on("shout", heard.append)
            counts.append(len(warned))
    stage.receive("shout", 1)

    warning = warned[0]
    assert counts == [0, 1, 1]
    assert warning.category is UsageWarning
    assert "'shout' of 'room:1' already" in str(warning.message)
    assert warning.filename == __file__
    assert heard == [1, 1, 1]


def test_other_events_other_functions_and_one_that_was_taken_away_do_not(stage):
    channel, heard = stage.joined(), []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ref = channel.on("shout", heard.append)
        channel.on("whisper", heard.append)
        channel.on("shout", heard.extend)
        channel.off("shout", ref)
        channel.on("shout", heard.append)
    stage.receive("whisper", 1)

    assert heard == [1]
