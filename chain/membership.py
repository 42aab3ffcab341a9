"""Who joins a task and who leaves it, before the start at once and after it when its round comes."""

from fl_alliance.chain.alliance_refusals import BadSignature, NotMember
from fl_alliance.chain.board import TaskBoard, gwei
from fl_alliance.chain.errors import SignatureInvalid
from fl_alliance.chain.messages import Leave as LeaveMessage
from fl_alliance.chain.messages import StakeTransfer, stake_nonce
from fl_alliance.chain.refusals import ERC3009InvalidAuthorizationTime, ERC3009InvalidSignature
from fl_alliance.chain.roster import Node
from fl_alliance.chain.rules import seeds
from fl_alliance.chain.rules.penalties import leaving_line
from fl_alliance.chain.steps import LeaveTask, LeaveTaskWithSignature, Register, RegisterWithAuthorization
from fl_alliance.chain.types import Phase
from fl_alliance.chain.vrf import Proof, Tag, alpha, verify


class Membership(TaskBoard):
    """A task's members, come and gone by their own steps."""

    def _register(self, step: Register, now: int, sender: str) -> None:
        self._join(sender, step.vrf_x, step.proof, step.amount_wei)

    def _register_with_authorization(self, step: RegisterWithAuthorization, now: int, sender: str) -> None:
        self._join(step.node, step.vrf_x, step.proof, step.amount_wei)
        if not step.valid_after < now < step.valid_before:
            raise ERC3009InvalidAuthorizationTime(step.valid_after, step.valid_before)
        nonce = stake_nonce(self.task, step.vrf_x, step.salt)
        span = (step.valid_after, step.valid_before)
        transfer = StakeTransfer(step.node, self.domain.contract, step.amount_wei, *span, nonce)
        try:
            signer = transfer.recover(self.fml, step.signature)
        except SignatureInvalid as reason:
            raise ERC3009InvalidSignature from reason
        if signer != step.node:
            raise ERC3009InvalidSignature

    def _join(self, address: str, vrf_x: int, proof: Proof, amount_wei: int) -> None:
        node, amount = Node(address, vrf_x), gwei(amount_wei)
        self._require_running()
        self.roster.require_room(node, amount)
        goal = alpha(self.domain.contract, self.domain.chain_id, Tag.REGISTER, self.task, 0, address, seeds.NO_SEED)
        beta = verify(vrf_x, goal, proof)
        if self.stored_phase is Phase.REGISTRATION:
            self.seed = seeds.joined_seed(self.seed, beta)
            self.roster.add(node, amount)
        else:
            self.roster.queue_join(node, amount, self.round)

    def _leave(self, step: LeaveTask, now: int, sender: str) -> None:
        self._part(step.member, sender)

    def _leave_with_signature(self, step: LeaveTaskWithSignature, now: int, sender: str) -> None:
        try:
            signer = LeaveMessage(self.task).recover(self.domain, step.signature)
        except SignatureInvalid as reason:
            raise BadSignature(step.member) from reason
        self._part(step.member, signer)

    def _part(self, member: int, address: str) -> None:
        self._require_running()
        if not self.roster.is_member(member, address):
            raise NotMember(self.task, member, address)
        if self.stored_phase is Phase.REGISTRATION:
            self._credit(address, self.roster.remove(member))
        else:
            self.roster.queue_leave(member, self.round)

    def _admit(self) -> None:
        for member, amount in self.roster.advance(self.round):
            record = self.record(member)
            if record.evidence and record.escrow_gwei:
                self._book(leaving_line(member, record.escrow_gwei))
                self.pool_gwei += record.escrow_gwei
            self._credit(self.roster.nodes[member].address, amount + self._take_escrow(member))
