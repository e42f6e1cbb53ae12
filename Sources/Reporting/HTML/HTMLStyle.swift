/// How the HTML report looks.
enum HTMLStyle {
    static let css = """
        :root {
          --ground: #fbfbfa; --panel: #ffffff; --ink: #1c1f23; --soft: #5d646d; --line: #e2e4e7;
          --first: #b4540a; --second: #1860a8; --good: #1a7440; --bad: #b3261e; --plain: #5d646d; --warn: #fdf3dc;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #14171a; --panel: #1c2024; --ink: #e6e8ea; --soft: #9aa3ad; --line: #31373d;
            --first: #f0a35c; --second: #6fb2f2; --good: #5cc98a; --bad: #f28b82; --plain: #9aa3ad; --warn: #2e2818;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0; background: var(--ground); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
        }
        main { max-width: 1000px; margin: 0 auto; padding: 28px 20px 60px; }
        h1 { font-size: 22px; margin: 0; overflow-wrap: anywhere; }
        h2 { font-size: 16px; margin: 0 0 10px; }
        p { margin: 8px 0; }
        ul { margin: 8px 0; padding-left: 20px; }
        li { margin: 3px 0; overflow-wrap: anywhere; }
        .facts { color: var(--soft); margin-top: 4px; }
        section, figure {
          background: var(--panel); border: 1px solid var(--line); border-radius: 8px;
          padding: 16px 18px; margin: 16px 0;
        }
        .verdict { border-left: 5px solid var(--plain); }
        .verdict.sooner { border-left-color: var(--good); }
        .verdict.cannotSay { border-left-color: var(--bad); }
        .verdict .label {
          margin: 0; color: var(--soft); font-size: 12px; letter-spacing: 0.08em; text-transform: uppercase;
        }
        .verdict .headline { margin: 2px 0 6px; font-size: 19px; font-weight: 600; line-height: 1.35; }
        .warnings { background: var(--warn); }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; }
        th, td { padding: 4px 12px 4px 0; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
        thead th { color: var(--soft); font-weight: 500; }
        tbody th, .text { text-align: left; font-weight: 500; }
        tbody tr:last-child > * { border-bottom: 0; }
        figure { padding: 14px 18px; }
        figcaption { font-weight: 600; margin-bottom: 2px; }
        figcaption span { font-weight: 400; color: var(--soft); }
        svg { width: 100%; height: auto; display: block; }
        svg text { fill: var(--soft); font-size: 12px; }
        .wide { display: block; }
        .narrow { display: none; }
        .axis { stroke: var(--line); stroke-width: 1; }
        .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
        .s0 { stroke: var(--first); } .s1 { stroke: var(--second); } .s2 { stroke: var(--good); } .s3 { stroke: var(--bad); }
        .f0 { fill: var(--first); } .f1 { fill: var(--second); } .f2 { fill: var(--good); } .f3 { fill: var(--bad); }
        svg text.f0 { fill: var(--first); } svg text.f1 { fill: var(--second); }
        svg text.f2 { fill: var(--good); } svg text.f3 { fill: var(--bad); }
        .band { opacity: 0.18; }
        .zero { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 3 3; }
        .gap { fill: var(--bad); opacity: 0.25; }
        @media (max-width: 560px) {
          main { padding: 14px 8px 40px; }
          section, figure { padding: 12px; }
          .wide { display: none; }
          .narrow { display: block; }
          table { font-size: 13px; }
          .verdict .headline { font-size: 17px; }
        }
        @media print { section, figure { break-inside: avoid; } }
        """
}
