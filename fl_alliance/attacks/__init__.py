"""Attackers: malicious Flower clients that replace how an honest one trains, judges or answers."""
