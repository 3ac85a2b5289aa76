"""How frames travel: the contract, and the transports that keep it."""
