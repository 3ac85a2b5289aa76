"""Load, then churn for as long as you like: does anything grow, or get lost?"""
