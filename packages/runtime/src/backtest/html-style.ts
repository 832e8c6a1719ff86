/** Looks of a report's page, by day and by night. */
export const PAGE_STYLE = `:root{color-scheme:light dark;--page:#fff;--ink:#16181d;--soft:#5c6370;--rule:#e3e5ea;--card:#f6f7f9;--buy:#0072b2;--sell:#d55e00}
@media(prefers-color-scheme:dark){:root{--page:#14161a;--ink:#e8eaee;--soft:#9aa1ad;--rule:#2c3038;--card:#1d2026;--buy:#56b4e9;--sell:#e69f00}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
header,main,footer{max-width:1180px;margin:0 auto;padding:0 20px}
header{padding-top:28px}
h1{font-size:26px;line-height:1.2;margin:0}h2{font-size:18px;margin:32px 0 10px}
header p,footer,section>p{color:var(--soft);margin:6px 0 18px}
footer{padding-top:24px;padding-bottom:40px;font-size:13px}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:10px;margin-bottom:32px}
.figures div{background:var(--card);border-radius:8px;padding:10px 14px}
dt{color:var(--soft);font-size:13px}dd{margin:0;font-size:18px;font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.faults{border-left:4px solid var(--sell);padding-left:16px;margin-bottom:24px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:6px 12px 6px 0;border-bottom:1px solid var(--rule);text-align:right;white-space:nowrap}
th:first-child{text-align:left}thead th{color:var(--soft);font-weight:500}tbody th{font-weight:500}
td:only-of-type,th:first-child+th:last-child{text-align:left;white-space:normal}
pre{background:var(--card);padding:14px;border-radius:8px;overflow-x:auto;font-size:13px}
summary{cursor:pointer;color:var(--soft);margin-top:12px}
ul{padding-left:20px;margin:0}`;
