// What every page does beside its HTML: asks for the parts that change, and remembers whose account is looked at.
"use strict";

const policy = window.trustedTypes
  ? window.trustedTypes.createPolicy("fragments", { createHTML: (text) => text }) // from this server, which escapes
  : { createHTML: (text) => text };
const say = (text) => {
  const said = document.getElementById("said");
  if (text && said.textContent !== text) said.textContent = text;
};

// On a narrow page a table becomes a list of its rows (`.stacked`): each cell then says which column it is of, and the
// roles are named, because a table that is laid out otherwise is none to everybody.
function stack(table) {
  const columns = [...table.querySelectorAll("thead th")].map((each) => each.textContent.trim());
  if (!columns.length) return;
  const named = { table: [table], rowgroup: table.querySelectorAll("thead, tbody"), row: table.rows };
  for (const [role, found] of Object.entries(named)) for (const each of found) each.setAttribute("role", role);
  table.querySelectorAll("thead th").forEach((each) => each.setAttribute("role", "columnheader"));
  for (const row of table.querySelectorAll("tbody tr"))
    [...row.cells].forEach((cell, at) => {
      cell.setAttribute("role", cell.tagName === "TH" ? "rowheader" : "cell");
      if (cell.colSpan === 1 && columns[at]) cell.dataset.column = columns[at];
    });
  table.classList.add("stacked");
}

// A hash or a command can be copied whole, also where it is shown shortened.
function copyable(code) {
  const whole = code.title || code.textContent;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "copy", textContent: "Copy" });
  button.setAttribute("aria-label", `Copy ${code.closest("pre") ? "the command" : whole.slice(0, 12)}`);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(whole);
      say("Copied.");
    } catch {
      say("The browser did not let it be copied.");
    }
  });
  (code.closest("pre") || code).after(button);
}

function dress(part) {
  part.querySelectorAll(".scroll > table").forEach(stack);
  if (navigator.clipboard) part.querySelectorAll("code.whole, code.digest, pre:not(.text) > code").forEach(copyable);
}

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
          dress(part);
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
dress(document);
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
