"""EVM bytecode to Python functions, one trace at a time.

A trace starts at a jump target, follows the code over jumps whose target is known, and ends where the target is
not known or the trace is long enough. Inside it the EVM stack becomes local variables, so pushes, swaps and jumps
cost nothing at run time; what is left over is pushed when the trace is left.

Gas is charged per segment: from one place where the amount left can be observed (a branch, a call, GAS, SSTORE) to
the next. Charging a segment before it runs changes nothing that survives: a segment that cannot be paid ends in
out-of-gas either way, and that undoes the whole frame.

The function is `trace(S, m, g, f, w)` (see `runtime`) and returns (next, gas left), where next is a jump target, or
HALT, or `RESUME - pc` for code that goes on without being a jump target.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fl_alliance.chain.node import runtime
from fl_alliance.chain.node.opcodes import CLZ, CONDITIONS, PURE, READS, filled, uses

HALT, RESUME = -1, -2
JUMPDEST, _PUSH0, _PUSH32 = 0x5B, 0x5F, 0x7F
_MOST_OPS = 160
_STATICCALL = 0xFA
_ENDS = (0xFE, 0xFF)  # INVALID and SELFDESTRUCT raise

Trace = Callable[[list[Any], bytearray, int, Any, Any], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Value:
    """A stack item inside a trace: a known number, or the name of a local variable."""

    text: str
    number: int | None = None
    is_condition: bool = False

    @property
    def as_number(self) -> str:
        return f"(+{self.text})" if self.is_condition else self.text


def known(number: int) -> Value:
    return Value(hex(number), number)


@dataclass(slots=True)
class _Segment:
    """A stretch that is paid at once; its first line is written when its figures are known."""

    line: int
    start: int
    gas: int = 0
    needed: int = 0
    growth: int = 0


@dataclass
class _Writer:
    """Translates one trace."""

    code: bytes
    targets: frozenset[int]
    pure: dict[int, tuple[str, int]]
    pc: int
    lines: list[str] = field(default_factory=list)
    stack: list[Value] = field(default_factory=list)
    visited: set[int] = field(default_factory=set)
    names: int = 0
    taken: int = 0
    open: bool = True

    def __post_init__(self) -> None:
        self._begin()

    # segments

    def _begin(self) -> None:
        self.taken = 0
        self.lines.append("")
        self.segment = _Segment(len(self.lines) - 1, len(self.stack), growth=len(self.stack))

    def _end(self) -> None:
        part = self.segment
        checks = []
        if part.gas:
            checks.append(f"g -= {part.gas}\n if g < 0: broke(g)")
        if part.needed and part.growth > 0:
            checks.append(f"if not {part.needed} <= len(S) <= {1024 - part.growth}: off_stack(len(S), {part.needed})")
        elif part.needed:
            checks.append(f"if len(S) < {part.needed}: off_stack(len(S), {part.needed})")
        elif part.growth > 0:
            checks.append(f"if len(S) > {1024 - part.growth}: off_stack(len(S), 0)")
        self.lines[part.line] = "\n ".join(checks) or "pass"

    def next_segment(self) -> None:
        self._end()
        self._begin()

    # the stack

    def push(self, value: Value) -> None:
        self.stack.append(value)
        self.segment.growth = max(self.segment.growth, len(self.stack) - self.taken)

    def name(self, expression: str, is_condition: bool = False) -> Value:
        self.names += 1
        self.emit(f"t{self.names} = {expression}")
        return Value(f"t{self.names}", None, is_condition)

    def pop(self) -> Value:
        if self.stack:
            return self.stack.pop()
        value = self.name("S.pop()")
        self.taken += 1
        self.segment.needed = max(self.segment.needed, self.taken)
        return value

    def reach(self, depth: int) -> None:
        """Bring at least `depth` items into local variables."""
        while len(self.stack) < depth:
            kept, self.stack = self.stack, []
            self.stack = [self.pop(), *kept]

    def peek(self, depth: int) -> Value:
        """Return the item `depth` from the top (1 is the top) without taking it off."""
        if depth <= len(self.stack):
            return self.stack[-depth]
        below = depth - len(self.stack)
        self.segment.needed = max(self.segment.needed, self.taken + below)
        return self.name(f"S[-{below}]")

    def flushed(self, indent: str = "") -> None:
        """Write code that pushes the trace's items; the caller decides whether they are gone."""
        items = [item.as_number for item in self.stack]
        if len(items) == 1:
            self.emit(f"{indent}S.append({items[0]})")
        elif items:
            self.emit(f"{indent}S += ({', '.join(items)})")

    def emit(self, line: str) -> None:
        self.lines.append(line)

    # the walk

    def walk(self) -> str:
        for _ in range(_MOST_OPS):
            if self.pc in self.visited:
                break
            self.visited.add(self.pc)
            self._step(self.code[self.pc] if self.pc < len(self.code) else 0)
            if not self.open:
                break
        if self.open:
            self.flushed()
            self.emit(f"return {self.pc if self.pc in self.targets else RESUME - self.pc}, g")
        self._end()
        return "def trace(S, m, g, f, w):\n " + "\n ".join(self.lines) + "\n"

    def _step(self, op: int) -> None:
        at, self.pc = self.pc, self.pc + 1
        if _PUSH0 <= op <= _PUSH32:
            self._push_constant(op - _PUSH0)
        elif 0x80 <= op <= 0x8F:
            self.segment.gas += 3
            self.push(self.peek(op - 0x7F))
        elif 0x90 <= op <= 0x9F:
            self._swap(op - 0x8F)
        elif op in self.pure or op in CONDITIONS:
            self._compute(op)
        elif op in READS:
            self.segment.gas += READS[op][1]
            self.push(self.name(READS[op][0]))
        elif op in _SPECIAL:
            _SPECIAL[op](self, at)
        else:
            self._delegate(op, at)

    def _push_constant(self, size: int) -> None:
        self.segment.gas += 3 if size else 2
        self.push(known(int.from_bytes(self.code[self.pc : self.pc + size].ljust(size, b"\0"))))
        self.pc += size

    def _swap(self, depth: int) -> None:
        self.segment.gas += 3
        self.reach(depth + 1)
        self.stack[-1], self.stack[-1 - depth] = self.stack[-1 - depth], self.stack[-1]

    def _compute(self, op: int) -> None:
        template, gas = self.pure.get(op) or CONDITIONS[op]
        self.segment.gas += gas
        letters = [letter for letter in "abc" if uses(template, letter)]
        operands = {letter: self.pop() for letter in letters}
        if op == 0x15 and operands["a"].is_condition:
            self.push(self.name(f"not {operands['a'].text}", is_condition=True))
            return
        expression = filled(template, {letter: value.as_number for letter, value in operands.items()})
        numbers = [value.number for value in operands.values()]
        if all(number is not None for number in numbers) and "f." not in template:
            self.push(known(int(eval(expression, _NAMESPACE))))  # noqa: S307 - an expression of this module over numbers
        else:
            self.push(self.name(expression, is_condition=op in CONDITIONS))

    # opcodes with effects

    def _fit(self, at: Value, size: int) -> None:
        """Make sure that memory holds `size` bytes at `at`."""
        if at.number is not None:
            end = at.number + size
            self.emit(f"if len(m) < {end}: g = grow(m, {end}, g)")
        else:
            self.emit(f"if {at.as_number} + {size} > len(m): g = grow(m, {at.as_number} + {size}, g)")

    def _slice(self, at: Value, size: int) -> str:
        end = hex(at.number + size) if at.number is not None else f"{at.as_number} + {size}"
        return f"m[{at.as_number}:{end}]"

    def mload(self, _: int) -> None:
        self.segment.gas += 3
        at = self.pop()
        self._fit(at, 32)
        self.push(self.name(f"int.from_bytes({self._slice(at, 32)})"))

    def mstore(self, _: int) -> None:
        self.segment.gas += 3
        at, value = self.pop(), self.pop()
        self._fit(at, 32)
        word = repr(value.number.to_bytes(32)) if value.number is not None else f"{value.as_number}.to_bytes(32)"
        self.emit(f"{self._slice(at, 32)} = {word}")

    def mstore8(self, _: int) -> None:
        self.segment.gas += 3
        at, value = self.pop(), self.pop()
        self._fit(at, 1)
        self.emit(f"m[{at.as_number}] = {value.as_number} & 255")

    def keccak(self, _: int) -> None:
        self.segment.gas += 30
        at, size = self.pop(), self.pop()
        if size.number and size.number < 1 << 32:
            self.segment.gas += 6 * ((size.number + 31) // 32)
            self._fit(at, size.number)
            self.push(self.name(f"sha3(m, {at.as_number}, {size.number})"))
        else:
            self.names += 1
            self.emit(f"t{self.names}, g = sha3_any(m, {at.as_number}, {size.as_number}, g)")
            self.push(Value(f"t{self.names}"))

    def copy(self, source: str) -> None:
        self.segment.gas += 3
        to, at, size = self.pop(), self.pop(), self.pop()
        self.emit(f"g = copy(m, {to.as_number}, {at.as_number}, {size.as_number}, {source}, g)")

    def mcopy(self, _: int) -> None:
        self.segment.gas += 3
        to, at, size = self.pop(), self.pop(), self.pop()
        self.emit(f"g = mcopy(m, {to.as_number}, {at.as_number}, {size.as_number}, g)")

    def exp(self, _: int) -> None:
        self.segment.gas += 10
        a, b = self.pop(), self.pop()
        self.names += 1
        self.emit(f"t{self.names}, g = exp({a.as_number}, {b.as_number}, g)")
        self.push(Value(f"t{self.names}"))

    def sload(self, _: int) -> None:
        slot = self.pop()
        self.names += 1
        self.emit(f"t{self.names}, g = sload(w, f.owner, {slot.as_number}, g)")
        self.push(Value(f"t{self.names}"))

    def sstore(self, _: int) -> None:
        slot, value = self.pop(), self.pop()
        self.emit(f"g = sstore(f, w, f.owner, {slot.as_number}, {value.as_number}, g)")
        self.next_segment()

    def tstore(self, _: int) -> None:
        self.segment.gas += 100
        slot, value = self.pop(), self.pop()
        self.emit(f"tstore(f, w, f.owner, {slot.as_number}, {value.as_number})")

    def gas(self, _: int) -> None:
        self.segment.gas += 2
        self.push(self.name("g"))
        self.next_segment()

    def pc_(self, at: int) -> None:
        self.segment.gas += 2
        self.push(known(at))

    def drop(self, _: int) -> None:
        self.segment.gas += 2
        self.pop()

    def jumpdest(self, _: int) -> None:
        self.segment.gas += 1

    # leaving

    def jump(self, _: int) -> None:
        self.segment.gas += 8
        target = self.pop()
        if target.number is not None and target.number in self.targets:
            self.pc = target.number  # the walk goes on there
            return
        self.flushed()
        self.emit(f"return {target.as_number}, g")
        self.open = False

    def jumpi(self, _: int) -> None:
        self.segment.gas += 10
        target, condition = self.pop(), self.pop()
        if condition.number == 0:
            return
        self.emit(f"if {condition.text}:")
        self.flushed(" ")
        self.emit(f" return {target.as_number}, g")
        self.next_segment()

    def stop(self, _: int) -> None:
        self.emit(f"return {HALT}, g")
        self.open = False

    def leave(self, _: int) -> None:
        at, size = self.pop(), self.pop()
        self.emit(f"return {HALT}, leave(f, m, {at.as_number}, {size.as_number}, g)")
        self.open = False

    def revert(self, _: int) -> None:
        at, size = self.pop(), self.pop()
        self.emit(f"revert(f, m, {at.as_number}, {size.as_number}, g)")
        self.open = False

    def _delegate(self, op: int, at: int) -> None:
        """Let py-evm's own opcode do it, on the real stack."""
        self.flushed()
        self.stack.clear()
        indent = ""
        if op == _STATICCALL:
            self.emit("left = ecrecover_call(f, S, m, g)")
            self.emit("if left >= 0: g = left")
            self.emit("else:")
            indent = " "
        self.emit(f"{indent}f._gas_meter.gas_remaining = g")
        self.emit(f"{indent}f.code.program_counter = {at + 1}")
        self.emit(f"{indent}f.get_opcode_fn({op})(computation=f)")
        self.emit(f"{indent}plain(S); m = f._memory._bytes; g = f._gas_meter.gas_remaining")
        self.open = op not in _ENDS
        self.next_segment()


_SPECIAL: dict[int, Callable[[_Writer, int], None]] = {
    0x00: _Writer.stop,
    0x0A: _Writer.exp,
    0x20: _Writer.keccak,
    0x37: lambda writer, _: writer.copy("f.calldata"),
    0x39: lambda writer, _: writer.copy("f.msg.code"),
    0x50: _Writer.drop,
    0x51: _Writer.mload,
    0x52: _Writer.mstore,
    0x53: _Writer.mstore8,
    0x54: _Writer.sload,
    0x55: _Writer.sstore,
    0x56: _Writer.jump,
    0x57: _Writer.jumpi,
    0x58: _Writer.pc_,
    0x5A: _Writer.gas,
    0x5B: _Writer.jumpdest,
    0x5D: _Writer.tstore,
    0x5E: _Writer.mcopy,
    0xF3: _Writer.leave,
    0xFD: _Writer.revert,
}
_NAMESPACE: dict[str, Any] = {name: getattr(runtime, name) for name in dir(runtime) if not name.startswith("_")}


def jump_targets(code: bytes) -> frozenset[int]:
    """Return the positions of JUMPDESTs that are not inside a PUSH's data."""
    targets, at = [], 0
    while at < len(code):
        op = code[at]
        if op == JUMPDEST:
            targets.append(at)
        at += op - _PUSH0 + 1 if _PUSH0 < op <= _PUSH32 else 1
    return frozenset(targets)


def trace_source(code: bytes, targets: frozenset[int], pc: int, has_clz: bool) -> str:
    """Return the Python source of the trace that starts at `pc`."""
    pure = PURE | CLZ if has_clz else PURE
    return _Writer(code, targets, pure, pc).walk()


def compile_trace(code: bytes, targets: frozenset[int], pc: int, has_clz: bool) -> Trace:
    names: dict[str, Any] = dict(_NAMESPACE)
    source = trace_source(code, targets, pc, has_clz)
    exec(compile(source, f"<evm {pc}>", "exec"), names)  # noqa: S102 - source written above, from opcodes and numbers only
    trace: Trace = names["trace"]
    return trace
