"""Small real and made-up data for the demo and the tests."""
