"""How many bytes SmolLM2's tokens have in answers to ordinary questions, and what a host that lies can overcharge.

`python tests/bench/token_bytes.py` prints a line a question and the sums; about 2 minutes of one core.
"""

from fl_alliance.arena.kinds.lm.smollm2 import shipped
from fl_alliance.marketplace.engines import Message
from fl_alliance.marketplace.packages import SMOLLM2_BYTES
from fl_alliance.marketplace.writers import LlamaCpp

MOST_TOKENS = 120
QUESTIONS = (
    "What is hypoglycaemia, and what do I do about it?",
    "Explain in simple words how a vaccine works.",
    "Write a short letter to my landlord about a broken heater.",
    "Give me a recipe for tomato soup.",
    "Who was Marie Curie?",
    "Summarise the plot of Romeo and Juliet in five sentences.",
    "What is the difference between a stake and a fee in a blockchain?",
    "List ten animals that live in the sea.",
    "Write a Python function that returns the prime numbers below n.",
    "Write an SQL query that counts orders by customer.",
    "Give me a JSON object that describes a book with title, author, year and ISBN.",
    "Multiply 1234 by 5678 step by step.",
    "Count from 1 to 40, separated by commas.",
    "Was ist die Hauptstadt von Deutschland? Antworte auf Deutsch.",
    "Raconte une courte histoire en français.",
    "¿Cuáles son los síntomas de la diabetes?",
)


def main() -> None:
    engine = LlamaCpp(shipped(), threads=1)
    rows = []
    for question in QUESTIONS:
        pieces = [p for p in engine.answer([Message("user", question)], MOST_TOKENS, 0) if isinstance(p, str)]
        tokens, size = len(pieces), len("".join(pieces).encode())
        least = -(-1_000 * size // SMOLLM2_BYTES)
        rows.append((tokens, size, min(tokens, least), least))
        print(f"{tokens:4} tokens {size:5} bytes {size / tokens:5.2f} each; charged {min(tokens, least):4}  {question}")
    tokens, size, charged, most = (sum(column) for column in zip(*rows, strict=True))
    print(f"{size / tokens:.2f} bytes a token; an honest host is paid {charged / tokens:.1%} of its tokens")
    print(f"a host that lies: {size / charged:.2f} times at a byte a token, {most / charged:.2f} times by its listing")
    worst = (max(row[1] / row[2] for row in rows), max(row[3] / row[2] for row in rows))
    print(f"the worst answer: {worst[0]:.2f} and {worst[1]:.2f} times")


if __name__ == "__main__":
    main()
