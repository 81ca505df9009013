"""Kill trainings at random moments, resume them, and compare with one that nobody disturbed."""
from .comparing import compare
from .processes import Moments, output_file, run_once, warm_up
from .recipes import write_recipes
from .soaking import Soak, soak

__all__ = ['Moments', 'Soak', 'compare', 'output_file', 'run_once', 'soak', 'warm_up', 'write_recipes']
