// Signs with the wallet of the browser (EIP-1193): the steps of a page, one after the other, showing what became of each;
// or the payment of one call, which is then sent as the form that it stands in.
"use strict";

const steps = document.getElementById("steps");
const send = document.getElementById("send");
const payment = document.getElementById("payment");
const outcome = document.getElementById("outcome");
const POLL_MS = 500;
const LONGEST_MS = 120_000;

async function receipt(hash) {
  const until = Date.now() + LONGEST_MS;
  while (Date.now() < until) {
    const answer = await fetch(`/receipts/${hash}`);
    if (!answer.ok) throw new Error("The console cannot reach the chain; the transaction was sent.");
    const found = await answer.json();
    if (found.state !== "waiting") return found;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`Not in a block after ${LONGEST_MS / 1000} seconds; your wallet says what became of it.`);
}

async function switchTo(chain) {
  const current = await window.ethereum.request({ method: "eth_chainId" });
  if (Number(current) !== chain) {
    const chainId = `0x${chain.toString(16)}`;
    try {
      await window.ethereum.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] });
    } catch (refusal) {
      if (refusal.code !== 4902) throw refusal;
      throw new Error(`Your wallet does not know chain ${chain}: add it there as a network, with your chain's RPC URL.`);
    }
  }
}

async function account(wanted) {
  const accounts = await window.ethereum.request({ method: "eth_requestAccounts" });
  const from = wanted ? accounts.find((each) => each.toLowerCase() === wanted.toLowerCase()) : accounts[0];
  if (!from) throw new Error(`This is for ${wanted}; your wallet offers ${accounts.join(", ")}. Choose that account there.`);
  return from;
}

async function pay() {
  const from = await account(payment.dataset.account);
  await switchTo(Number(payment.dataset.chain));
  const signed = { method: "eth_signTypedData_v4", params: [from, payment.dataset.typed] };
  payment.elements.signature.value = await window.ethereum.request(signed);
  outcome.textContent = "Signed; waiting for the answer …";
  payment.submit();
}

async function sign() {
  const from = await account(steps.dataset.account);
  await switchTo(Number(steps.dataset.chain));
  for (const step of steps.children) {
    if (step.dataset.done) continue;
    const told = step.querySelector(".outcome");
    told.textContent = "waiting for your wallet …";
    const call = { from, to: step.dataset.to, data: step.dataset.data, value: "0x0" };
    const hash = await window.ethereum.request({ method: "eth_sendTransaction", params: [call] });
    told.textContent = "sent, waiting for a block …";
    const found = await receipt(hash);
    if (found.state === "refused") {
      told.textContent = `✗ refused in block ${found.block}`;
      throw new Error(`The chain refused it: ${found.reason}`);
    }
    step.dataset.done = hash;
    told.textContent = `✓ done in block ${found.block}, ${found.gas.toLocaleString("en")} gas, transaction ${hash}`;
  }
}

function offer(button, act) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    outcome.textContent = "";
    try {
      await act();
    } catch (refusal) {
      outcome.textContent = refusal.message || "The wallet refused.";
      button.disabled = false;
    }
  });
}

if (window.ethereum && payment) offer(document.getElementById("pay"), pay);
if (window.ethereum && steps) {
  offer(send, async () => {
    await sign();
    outcome.textContent = "All done. ";
    const back = document.createElement("a");
    back.href = steps.dataset.back;
    back.textContent = "See what changed";
    outcome.append(back);
  });
}
