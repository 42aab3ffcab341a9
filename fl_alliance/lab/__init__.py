"""The attack laboratory: the same attackers against every rule and every baseline, and who gains."""
