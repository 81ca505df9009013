"""What the benchmarks of speed and memory measure."""
