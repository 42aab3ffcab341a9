"""The report's style sheet: one column, system fonts, light and dark, readable from 320 px on and on paper."""

CSS = """
:root{color-scheme:light dark;--paper:#fbfbf9;--card:#fff;--ink:#1c1e21;--soft:#5c6370;--line:#d9dbe0;--faint:#eceef1;
--blue:#1f6fb4;--blue2:#7fb2dc;--blue3:#cfe2f2;--warm:#b9481a;--warm2:#eb9a6c;--warm3:#f7d9c6;--grey:#a9afb8;
--good:#1d7a46;--third:#6b4fa0}
@media (prefers-color-scheme:dark){:root{--paper:#14161a;--card:#1b1e23;--ink:#e6e8eb;--soft:#9aa2ae;--line:#343941;
--faint:#262a31;--blue:#5ba8ea;--blue2:#33699a;--blue3:#23405a;--warm:#f0824f;--warm2:#a8552f;--warm3:#57331f;
--grey:#626a75;--good:#5cc389;--third:#ae93e3}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:1.2rem clamp(.8rem,3vw,2rem) 4rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
header .over{color:var(--soft);margin:0;letter-spacing:.02em}
h1{font-size:clamp(1.5rem,4.5vw,2.2rem);line-height:1.15;margin:.1em 0 .3em;text-wrap:balance}
h2{font-size:1.25rem;margin:3rem 0 .3rem;padding-top:.6rem;border-top:1px solid var(--line)}
p{max-width:44rem;margin:.4rem 0 .8rem}
.lead{font-size:1.1rem}
.note{color:var(--soft);font-size:.93rem}
a{color:var(--blue)}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.9rem;margin:1rem 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.6rem;margin:1.2rem 0;padding:0}
.tiles div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.6rem .8rem}
.tiles dt{color:var(--soft);font-size:.82rem}
.tiles dd{margin:0;font-size:1.35rem;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.3}
.tiles small{font-size:.8rem;font-weight:400;color:var(--soft);display:block}
figure{margin:1rem 0 1.4rem}
figcaption{font-weight:600;margin-bottom:.5rem}
.plot{display:grid;grid-template-columns:var(--y) minmax(0,1fr) var(--g);font-size:.8rem;color:var(--soft);
font-variant-numeric:tabular-nums}
.plot .y{grid-column:1;position:relative}
.plot .y span{position:absolute;right:.6ch;transform:translateY(-50%)}
.plot .area{grid-column:2;position:relative;height:var(--h)}
.plot svg{position:absolute;inset:0;width:100%;height:100%;overflow:visible}
.plot .end{grid-column:3;position:relative}
.plot .end span{position:absolute;left:1ch;transform:translateY(-50%);white-space:nowrap}
.plot .x{grid-column:2;position:relative;height:1.6em}
.plot .x span{position:absolute;top:.3em;transform:translateX(-50%)}
.plot .xl{grid-column:2;text-align:center}
.end .strong,.end .up{color:var(--blue);font-weight:600}
.end .down{color:var(--warm)}
path{fill:none;vector-effect:non-scaling-stroke;stroke-linejoin:round;stroke-linecap:round}
.rule{stroke:var(--faint);stroke-width:1}
.level{stroke:var(--grey);stroke-width:1.2;stroke-dasharray:4 4}
.l1{stroke:var(--blue);stroke-width:2.2}
.l2{stroke:var(--warm);stroke-width:1.8}
.l3{stroke:var(--third);stroke-width:1.8}
.thin{stroke:var(--grey);stroke-width:.8;opacity:.55}
.border{stroke:var(--soft);stroke-width:1.1}
.dot{stroke-width:3.2}
.dot.bad{stroke:var(--warm);stroke-width:8}
.dot.bad.small{stroke-width:4}
.dot.kept{stroke:var(--blue2);stroke-width:7}
.dot.kept.small{stroke-width:4}
.zA{stroke:var(--blue)}.zB{stroke:var(--blue2)}.zC{stroke:var(--third)}.zD{stroke:var(--warm2)}.zE{stroke:var(--warm)}
.gap{stroke:var(--paper);stroke-width:2}
.gap.fine{stroke-width:1}
.grid path:not(.gap){shape-rendering:crispEdges}
.grid .area{background:var(--faint)}
.won{fill:var(--blue)}.lost{fill:var(--warm)}.none{fill:var(--grey)}
.out.accepted,.out.adopted{fill:var(--blue2)}.out.kept{fill:var(--blue3)}.out.rejected{fill:var(--warm)}.out.void{fill:var(--grey)}
.s0{fill:var(--warm)}.s1{fill:var(--warm2)}.s2{fill:var(--warm3)}.s3{fill:var(--blue3)}.s4{fill:var(--blue2)}
.s5{fill:var(--blue)}
.readout{display:block;font-size:.86rem;min-height:1.5em;margin-top:.3rem}
.readout[hidden]{display:none}
.grid .area{touch-action:pan-y;cursor:crosshair}
.square{--h:auto!important;max-width:27rem}
.square .area{aspect-ratio:1;height:auto;border:1px solid var(--line)}
.zones b{position:absolute;transform:translate(-50%,-50%);color:var(--ink);font-size:.95rem;
text-shadow:0 0 3px var(--paper),0 0 3px var(--paper),0 0 3px var(--paper)}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:0 2rem;align-items:start}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.5rem 0 0;padding:0;font-size:.83rem;
color:var(--soft)}
.legend li{display:flex;align-items:center;gap:.45em}
.legend i{display:inline-block;width:1.5em;height:0;border-top:2.5px solid var(--c)}
.legend .l1{--c:var(--blue)}.legend .l2{--c:var(--warm)}.legend .l3{--c:var(--third)}.legend .thin{--c:var(--grey)}
.legend .level{--c:var(--grey);border-top-style:dashed}
.legend .pt{width:.6em;height:.6em;border:0;border-radius:50%;background:var(--warm)}
.legend .pt.kept{background:var(--blue2)}
.legend .cell{width:1em;height:1em;border:0;background:var(--c)}
.legend .flat{height:.5em}
.legend .won,.legend .s5{--c:var(--blue)}.legend .lost,.legend .s0,.legend .rejected{--c:var(--warm)}
.legend .none,.legend .void{--c:var(--grey)}.legend .accepted,.legend .adopted,.legend .s4{--c:var(--blue2)}
.legend .s1{--c:var(--warm2)}.legend .s2{--c:var(--warm3)}.legend .s3,.legend .kept{--c:var(--blue3)}
.scroll{overflow:auto;max-height:32rem;margin:.6rem 0 1.2rem;border:1px solid var(--line);border-radius:8px;
background:var(--card)}
table{border-collapse:collapse;width:100%;font-size:.88rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:.5rem .7rem;color:var(--soft)}
th,td{text-align:left;padding:.3rem .7rem;border-top:1px solid var(--faint);vertical-align:top}
th{font-weight:600;position:sticky;top:0;background:var(--card);box-shadow:0 1px var(--line)}
.n{text-align:right;white-space:nowrap}
.who{display:inline-block;margin-right:1.2em;white-space:nowrap}
.bar{display:flex;align-items:center;gap:.5em}
.bar i{height:.7em;background:var(--blue2);border-radius:2px;flex:none}
td .bar{min-width:8rem}
.o.rejected{color:var(--warm);font-weight:600}.o.void{color:var(--soft)}
p.good{color:var(--good);font-weight:600}p.bad{color:var(--warm);font-weight:600}
code{font:.86em ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.7rem 1rem;overflow:auto}
details summary{cursor:pointer;margin:.6rem 0}
@media (max-width:36rem){body{font-size:15px}.plot{font-size:.72rem}.few .x span:nth-child(even){display:none}}
@media print{body{max-width:none}.scroll{max-height:none;overflow:visible}details{display:block}}
"""
