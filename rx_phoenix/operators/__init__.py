"""The operators that a long-lived pipeline needs and `reactivex` lacks."""
