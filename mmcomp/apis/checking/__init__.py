"""The parts of the config checker; :mod:`mmcomp.apis.config_check` joins them."""
