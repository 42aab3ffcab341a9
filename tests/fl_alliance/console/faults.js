// What is wrong with a page for who does not see it, or uses it by keyboard or on a phone; a line for each fault.
() => {
  const found = [];
  const fault = (what, each) => found.push(`${what}: ${each.outerHTML.slice(0, 120)}`);
  const all = (which) => [...document.querySelectorAll(which)];
  const texts = (ids) => ids.split(" ").map((id) => document.getElementById(id)?.textContent || "");
  const name = (each) =>
    each.getAttribute("aria-label") || texts(each.getAttribute("aria-labelledby") || "").join(" ").trim() || each.textContent.trim();

  const landmarks = all("nav, section[aria-labelledby], [role=region]").map((each) => [each, `${each.tagName} ${name(each)}`]);
  const named = landmarks.map(([, whole]) => whole);
  landmarks.forEach(([each, whole], at) => named.indexOf(whole) !== at && fault("a second landmark of this name", each));

  for (const each of all("[aria-labelledby]")) if (texts(each.getAttribute("aria-labelledby")).includes("")) fault("no label", each);
  for (const each of all("input:not([type=hidden]), select, textarea")) if (!each.labels.length) fault("no label", each);
  for (const each of all("a, button")) {
    const said = each.getAttribute("aria-label");
    if (!name(each)) fault("no name", each);
    if (said && !said.toLowerCase().includes(each.textContent.trim().toLowerCase())) fault("is called otherwise than it shows", each);
  }

  for (const each of all("main *")) {
    const style = getComputedStyle(each);
    const scrolls = [style.overflowX, style.overflowY].some((flow) => flow === "auto" || flow === "scroll");
    const isLarger = each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1;
    if (scrolls && isLarger && each.tabIndex < 0) fault("scrolls, but not by keyboard", each);
    if (style.opacity < 1 && !each.disabled && each.textContent.trim() && !each.closest("svg")) fault("pale", each);
    const { width, height } = each.getBoundingClientRect();
    const isTarget = each.matches("a, button, summary, select") && style.display !== "inline" && !each.closest("td, th");
    if (isTarget && width && height < 24) fault("less than 24 px high", each);
  }

  const levels = all("h1, h2, h3").map((each) => Number(each.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) found.push("needs one h1");
  levels.forEach((level, at) => at && level > levels[at - 1] + 1 && found.push(`h${level} follows h${levels[at - 1]}`));
  return found;
};
