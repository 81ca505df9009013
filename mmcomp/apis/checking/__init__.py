"""The parts of the config checker; :mod:`mmcomp.apis.check_config` joins them."""
