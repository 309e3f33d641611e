"""The parts of scripts/crash: a plan of faults, a load, and a ledger of what was acknowledged."""


class Finding(Exception):
    """A promise of the product that does not hold, as a sentence."""
