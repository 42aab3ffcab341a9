// What every page does beside its HTML: asks for the parts that change, and remembers whose account is looked at.
"use strict";

const policy = window.trustedTypes
  ? window.trustedTypes.createPolicy("fragments", { createHTML: (text) => text }) // from this server, which escapes
  : { createHTML: (text) => text };
const say = (text) => {
  const said = document.getElementById("said");
  if (text && said.textContent !== text) said.textContent = text;
};

function poll(part) {
  const every = Number(part.dataset.every);
  let tag = "";
  const isBusy = () =>
    document.hidden ||
    part.contains(document.activeElement) || // what somebody stands on does not change under them
    part.contains(getSelection().anchorNode && !getSelection().isCollapsed ? getSelection().anchorNode : null);
  const look = async () => {
    if (!isBusy()) {
      try {
        const headers = { "X-Part": "live" };
        if (tag) headers["If-None-Match"] = tag;
        const answer = await fetch(part.dataset.poll || location.href, { headers });
        if ("reading" in part.dataset && !answer.headers.has("Retry-After")) return location.reload(); // the page is there
        if ((answer.status === 200 || "reading" in part.dataset) && !isBusy()) {
          const open = [...part.querySelectorAll("details")].map((each) => each.open);
          part.innerHTML = policy.createHTML(await answer.text());
          part.querySelectorAll("details").forEach((each, at) => (each.open = open[at] || false));
          if (tag && part.dataset.say) say(part.querySelector("[data-say]")?.dataset.say || "Figures are new.");
          tag = answer.headers.get("ETag") || "";
        }
      } catch {
        say("The console does not answer.");
      }
    }
    setTimeout(look, every);
  };
  setTimeout(look, every);
}
document.querySelectorAll("[data-poll]").forEach(poll);

// The account is the wallet's where there is one, else what was typed last in this tab.
const remembered = "fl-alliance-account";
function show(account) {
  document.querySelectorAll("input.account").forEach((field) => (field.value ||= account));
  if (window.ethereum && account) {
    document.getElementById("connected").textContent = `${account.slice(0, 6)}…${account.slice(-4)}`;
    document.getElementById("connected").title = account;
    document.getElementById("connect").hidden = true;
  }
}
function remember(account) {
  sessionStorage.setItem(remembered, account);
  show(account);
}
document.querySelectorAll("input.account").forEach((field) =>
  field.addEventListener("change", () => sessionStorage.setItem(remembered, field.value.trim())),
);
if (window.ethereum) {
  const button = document.getElementById("connect");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      const accounts = await window.ethereum.request({ method: "eth_requestAccounts" });
      remember(accounts[0]);
    } catch (refusal) {
      say(refusal.message || "The wallet did not connect.");
    }
  });
  window.ethereum.request({ method: "eth_accounts" }).then(
    (accounts) => show(accounts[0] || sessionStorage.getItem(remembered) || ""),
    () => {},
  );
} else {
  show(sessionStorage.getItem(remembered) || "");
}
