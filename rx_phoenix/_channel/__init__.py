"""A channel's life: joins, pushes, listeners and demand."""
