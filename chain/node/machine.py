"""Runs contract code: each place with py-evm's opcodes at first, with a compiled trace once it is hot."""

from typing import Any

from eth.exceptions import Halt, InvalidJumpDestination
from eth.vm.computation import NO_RESULT

from fl_alliance.chain.node.compiler import HALT, JUMPDEST, RESUME, Trace, compile_trace, jump_targets

_HOT = 6  # compiling a trace costs about as much as running it six times
_MOST_PROGRAMS = 512
_JUMP, _JUMPI = 0x56, 0x57


class Program:
    """One contract's code with what is known about it; shared by all chains of the process."""

    def __init__(self, code: bytes, has_clz: bool) -> None:
        self.code, self.has_clz = code, has_clz
        self.targets = jump_targets(code)
        self.traces: dict[int, Trace] = {}
        self.visits: dict[int, int] = {}

    def trace(self, entry: int) -> Trace:
        """Return what runs at `entry`: a jump target, or RESUME - pc.

        Raises
        ------
        InvalidJumpDestination
        """
        if entry >= 0 and entry not in self.targets:
            raise InvalidJumpDestination(f"jump to {entry}")
        pc = entry if entry >= 0 else RESUME - entry
        visits = self.visits[entry] = self.visits.get(entry, 0) + 1
        if visits < _HOT:
            return lambda S, m, g, f, w: _interpret(self.code, pc, g, f)  # noqa: N803
        trace = self.traces[entry] = compile_trace(self.code, self.targets, pc, self.has_clz)
        return trace


def _interpret(code: bytes, pc: int, g: int, f: Any) -> tuple[int, int]:
    """Run py-evm's opcodes up to the next jump or jump target."""
    opcodes, meter, stream, stack = f.opcodes, f._gas_meter, f.code, f._stack.values
    meter.gas_remaining = g
    size = len(code)
    while True:
        op = code[pc] if pc < size else 0
        stream.program_counter = pc + 1
        (opcodes[op] if op in opcodes else f.get_opcode_fn(op))(computation=f)
        following = stream.program_counter
        if op in (_JUMP, _JUMPI) or (following < size and code[following] == JUMPDEST):
            for index, item in enumerate(stack):
                if type(item) is not int:
                    stack[index] = int.from_bytes(item) if isinstance(item, bytes) else int(item)
            jumped = op == _JUMP or (op == _JUMPI and following != pc + 1) or code[following : following + 1] == b"\x5b"
            return (following if jumped else RESUME - following), meter.gas_remaining
        pc = following


_programs: dict[tuple[bytes, bool], Program] = {}


def program_of(code: bytes, has_clz: bool) -> Program:
    program = _programs.get((code, has_clz))
    if program is None:
        if len(_programs) >= _MOST_PROGRAMS:
            _programs.clear()
        program = _programs[(code, has_clz)] = Program(code, has_clz)
    return program


def run(f: Any, has_clz: bool) -> None:
    """Run a frame's code to its end; failures are py-evm's exceptions, as its own loop raises them."""
    program = program_of(f.msg.code, has_clz)
    traces = program.traces
    stack, memory, world = f._stack.values, f._memory, f.state
    f.owner, f.calldata = f.msg.storage_address, f.msg.data_as_bytes
    entry, g = RESUME, f._gas_meter.gas_remaining
    try:
        while entry != HALT:
            trace = traces.get(entry) or program.trace(entry)
            entry, g = trace(stack, memory._bytes, g, f, world)
    except Halt:
        g = f._gas_meter.gas_remaining
    f._gas_meter.gas_remaining = g


class Compiled:
    """Mixed into a py-evm computation class: its code loop is replaced by `run`."""

    has_clz = False

    @classmethod
    def apply_computation(
        cls, state: Any, message: Any, transaction_context: Any, parent_computation: Any = None
    ) -> Any:
        maker: Any = cls
        with maker(state, message, transaction_context) as computation:
            if computation.is_origin_computation:
                computation.contracts_created = []
                if message.is_create:
                    maker.consume_initcode_gas_cost(computation)
            if parent_computation is not None:
                computation.contracts_created = parent_computation.contracts_created
            if message.is_create:
                computation.contracts_created.append(message.storage_address)
            precompile = computation.precompiles.get(message.code_address, NO_RESULT)
            if precompile is NO_RESULT:
                run(computation, cls.has_clz)
            elif not message.is_delegation:
                precompile(computation)
        return computation
