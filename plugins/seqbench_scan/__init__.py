"""Runs linear recurrences over whole sequences, for layers that have one.

`linear.scan` runs h_t = a_t h_{t-1} + b_t; `logarithms.log_scan` the same on logarithms of positive numbers.
"""
