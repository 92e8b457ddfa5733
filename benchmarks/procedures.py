"""Judging tickets by many procedures: what it costs, and whether the verdicts stay right.

The sandbox's account of `--tickets` tickets, whose true verdicts are known, is judged by its own
procedure among as many others as asked (benchmarks/procedures.tsv holds 49), once each: every
procedure on every ticket, and only those that a ticket's words lead to. Calls count with the words
that were said. One process, models as they run in the product; seconds are of the wall clock.
"""
