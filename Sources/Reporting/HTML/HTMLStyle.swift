/// How the HTML report looks.
///
/// Colours are from the palette of Okabe and Ito, which people with any colour vision tell apart, darker on light
/// ground and lighter on dark so that text in them keeps a contrast of 4.5 to 1; paths differ by dashes and marks as
/// well.
enum HTMLStyle {
    private static let light = """
        --ground: #ffffff; --raised: #f5f6f7; --ink: #15181c; --soft: #535b64; --line: #d9dde1; --hair: #8b939c;
        --c0: #a84300; --c1: #0a5fa5; --c2: #006b4f; --c3: #8a2f7c;
        --good: #17683a; --bad: #a3231b; --goodground: #edf7f0; --badground: #fdf0ee; --warnground: #fdf6e3;
        --warn: #7a5300;
        """
    private static let dark = """
        --ground: #101316; --raised: #1a1e22; --ink: #e9ecef; --soft: #a3acb5; --line: #323940; --hair: #7d868f;
        --c0: #f2a35e; --c1: #74b6f4; --c2: #4fc79a; --c3: #dc9ad6;
        --good: #62cd8e; --bad: #f58f86; --goodground: #14251b; --badground: #2c1917; --warnground: #292211;
        --warn: #e8bf62;
        """

    static let css = """
        :root { color-scheme: light dark; \(light) }
        @media screen and (prefers-color-scheme: dark) { :root { \(dark) } }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; scroll-padding-top: 12px; }
        body {
          margin: 0; background: var(--ground); color: var(--ink); overflow-wrap: break-word;
          font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
          font-variant-numeric: tabular-nums lining-nums;
        }
        main { max-width: 1228px; margin: 0 auto; padding: 32px 24px 72px; }
        a { color: var(--c1); }
        h1 { font-size: 20px; line-height: 1.3; font-weight: 650; margin: 0; overflow-wrap: anywhere; }
        h2 { font-size: 22px; line-height: 1.3; font-weight: 650; margin: 0 0 8px; letter-spacing: -0.01em; }
        h3 { font-size: 16px; font-weight: 650; margin: 0; }
        p, ul { max-width: 78ch; }
        p { margin: 8px 0; }
        ul { margin: 8px 0; padding-left: 1.2em; }
        li { margin: 4px 0; }
        :focus-visible { outline: 2px solid var(--c1); outline-offset: 2px; border-radius: 2px; }
        .unseen {
          position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%);
          white-space: nowrap; border: 0; padding: 0;
        }
        .facts { color: var(--soft); margin: 4px 0 0; max-width: none; }
        @media (min-width: 1000px) {
          .verdict:has(.gauge) { display: grid; grid-template-columns: minmax(0, 1fr) 440px; column-gap: 40px; }
          .verdict:has(.gauge) > * { grid-column: 1 / -1; }
          .verdict:has(.gauge) > .kicker, .verdict:has(.gauge) > h2 { grid-column: 1; }
          .verdict > .gauge { grid-column: 2; grid-row: 1 / span 2; align-self: center; margin: 0; }
        }
        nav { margin: 14px 0 0; font-size: 14px; }
        nav ul { list-style: none; padding: 0; margin: 0; display: flex; flex-wrap: wrap; gap: 2px 16px; max-width: none; }
        nav a { color: var(--soft); text-decoration-color: var(--line); text-underline-offset: 3px; }
        section { margin: 44px 0 0; padding-top: 22px; border-top: 1px solid var(--line); }
        .verdict {
          margin-top: 20px; padding: 22px 24px; border: 0; border-radius: 6px; background: var(--raised);
          border-left: 6px solid var(--hair);
        }
        .verdict.sooner { border-left-color: var(--good); background: var(--goodground); }
        .verdict.cannotSay { border-left-color: var(--bad); background: var(--badground); }
        .kicker { margin: 0; color: var(--soft); font-size: 14px; font-weight: 600; }
        .verdict h2 { font-size: 27px; line-height: 1.25; margin: 2px 0 0; max-width: 34em; text-wrap: balance; }
        .verdict.cannotSay h2::first-letter, .verdict.noDifferenceShown h2::first-letter { text-transform: uppercase; }
        .verdict ul { color: var(--ink); font-size: 15px; }
        .tiles { display: flex; flex-wrap: wrap; gap: 14px 36px; margin: 18px 0 10px; }
        .tiles div { min-width: 8em; }
        .tiles dt { color: var(--soft); font-size: 13px; }
        .tiles dd { margin: 0; font-size: 22px; font-weight: 600; line-height: 1.25; white-space: nowrap; }
        .tiles dd small { display: block; font-size: 13px; font-weight: 400; color: var(--soft); white-space: normal; }
        .warnings { background: var(--warnground); border: 0; border-left: 6px solid var(--warn); border-radius: 6px;
          margin-top: 16px; padding: 14px 24px; }
        .warnings h2 { font-size: 16px; margin: 0; color: var(--warn); }
        .note { color: var(--soft); font-size: 15px; }
        .note b { color: var(--warn); font-weight: 600; }
        .pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px 30px; align-items: start; }
        .pair + .pair { margin-top: 26px; }
        section > h3, .pair > div > h3 { margin: 26px 0 4px; }
        figure { margin: 22px 0 0; min-width: 0; }
        .pair > figure, .pair > div > figure { max-width: 680px; }
        .pair > div { min-width: 0; } .pair > div > :first-child { margin-top: 0; }
        figcaption p { color: var(--soft); font-size: 15px; margin: 2px 0 6px; }
        svg { display: block; width: 100%; height: auto; overflow: visible; }
        svg.key { width: 34px; height: 12px; flex: none; }
        svg.plot { touch-action: pan-y; }
        svg text { fill: var(--soft); font-size: 12px; font-family: inherit; }
        svg text.strong { fill: var(--ink); font-weight: 600; }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 20px; margin: 4px 0; padding: 0; font-size: 14px; }
        .legend li { display: flex; align-items: center; gap: 8px; margin: 0; }
        .vast, .wide, .middle, .narrow, .broad, .half { display: none; }
        .wide, .half { display: block; }
        .grid { stroke: var(--line); stroke-width: 1; }
        .axis { stroke: var(--hair); stroke-width: 1; }
        .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: butt; }
        .thin { stroke-width: 1.2; }
        .s0 { stroke: var(--c0); } .s1 { stroke: var(--c1); stroke-dasharray: 8 3; }
        .s2 { stroke: var(--c2); stroke-dasharray: 2 3; } .s3 { stroke: var(--c3); stroke-dasharray: 10 3 2 3; }
        .f0 { fill: var(--c0); } .f1 { fill: var(--c1); } .f2 { fill: var(--c2); } .f3 { fill: var(--c3); }
        svg text.f0 { fill: var(--c0); } svg text.f1 { fill: var(--c1); }
        svg text.f2 { fill: var(--c2); } svg text.f3 { fill: var(--c3); }
        .t0 { color: var(--c0); } .t1 { color: var(--c1); } .t2 { color: var(--c2); } .t3 { color: var(--c3); }
        .mark { stroke: var(--ground); stroke-width: 1.5; }
        .neutral { fill: var(--hair); } .ink { fill: var(--ink); } .inkline { stroke: var(--ink); stroke-width: 2; fill: none; }
        .band { opacity: 0.16; } .bandin { opacity: 0.24; }
        .bar { opacity: 0.75; }
        .zero { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 3 3; }
        .floor { fill: var(--hair); opacity: 0.22; }
        .gap { fill: var(--bad); opacity: 0.13; }
        svg text.over { paint-order: stroke; stroke: var(--ground); stroke-width: 3px; }
        .step { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 2 2; }
        svg text.bad { fill: var(--bad); } .badfill { fill: var(--bad); }
        .part { stroke: var(--ground); stroke-width: 1.5; }
        .p0 { opacity: 0.55; } .p1 { opacity: 1; } .p2 { opacity: 0.35; } .p3 { opacity: 0.75; }
        .whole { stroke-dasharray: none; }
        .bound { stroke: var(--hair); stroke-width: 1; } .hollow { fill: none; stroke-dasharray: 4 3; }
        .plate { fill: var(--ground); opacity: 0.82; }
        .hair { stroke: var(--hair); stroke-width: 1; }
        .tip {
          position: absolute; z-index: 2; pointer-events: none; background: var(--ground); color: var(--ink);
          border: 1px solid var(--hair); border-radius: 4px; padding: 6px 10px; font-size: 13px; line-height: 1.45;
          max-width: 320px; box-shadow: 0 2px 8px rgb(0 0 0 / 0.18);
        }
        .tip[hidden] { display: none; }
        .tip div { display: flex; justify-content: space-between; gap: 14px; }
        .tip span:last-child { white-space: nowrap; }
        details { font-size: 14px; margin: 4px 0; }
        summary { color: var(--soft); cursor: pointer; width: fit-content; padding: 2px 0; }
        /* Where a table goes on beyond an edge, a shade lies on it; what scrolls along covers it at the end. */
        .scroll {
          position: relative; overflow-x: auto; max-width: 100%; margin: 10px 0;
          background: linear-gradient(to right, var(--ground) 30%, transparent) 0 0 / 36px 100% no-repeat local,
            linear-gradient(to left, var(--ground) 30%, transparent) 100% 0 / 36px 100% no-repeat local,
            linear-gradient(to right, var(--hair), transparent) 0 0 / 12px 100% no-repeat scroll,
            linear-gradient(to left, var(--hair), transparent) 100% 0 / 12px 100% no-repeat scroll;
        }
        details .scroll { max-height: 340px; overflow-y: auto; width: fit-content; }
        table { border-collapse: collapse; font-size: 15px; }
        details table { font-size: 13px; }
        caption { text-align: left; font-weight: 600; padding: 0 0 4px; white-space: nowrap; }
        th, td { padding: 5px 0 5px 28px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line);
          vertical-align: baseline; font-weight: 400; }
        th:first-child { text-align: left; padding-left: 0; }
        .text { text-align: left; }
        thead th { color: var(--soft); font-size: 14px; vertical-align: bottom; border-bottom-color: var(--hair); }
        details thead th { position: sticky; top: 0; background: var(--ground); }
        tbody th { font-weight: 500; }
        .sides { width: 100%; max-width: 760px; }
        .sides td, .sides th { padding-left: 16px; }
        .sides th:first-child { padding-left: 0; }
        .sides thead small { white-space: normal; max-width: 20ch; margin-left: auto; }
        .sides thead th { color: var(--ink); font-weight: 600; }
        .sides thead small { display: block; color: var(--soft); font-weight: 400; }
        .sides small { color: var(--soft); font-size: 13px; display: block; }
        .sides .main td { font-weight: 600; } .sides .main small { font-weight: 400; }
        .hosts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 18px 40px; }
        .hosts dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 3px 16px; margin: 6px 0 0; font-size: 15px; }
        .hosts dt { color: var(--soft); } .hosts dd { margin: 0; overflow-wrap: anywhere; }
        .flaw { color: var(--bad); font-weight: 600; }
        .gauge .interval { fill: var(--c3); opacity: 0.55; }
        .gauge { max-width: 440px; margin: 12px 0 0; }
        .wrap { white-space: normal; display: block; max-width: 60ch; min-width: 20ch; }
        footer { margin-top: 48px; color: var(--soft); font-size: 14px; border-top: 1px solid var(--line); padding-top: 12px; }
        .sideways > div > :first-child { margin-top: 0; } .sideways > div + div { margin-top: 22px; }
        @media (min-width: 1700px) {
          main { max-width: 1812px; }
          .wide, .half { display: none; } .vast, .broad { display: block; }
          .pair > figure, .pair > div > figure { max-width: none; }
          .pair, .sideways { column-gap: 40px; }
          .sideways { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); align-items: start; }
          .sideways > div + div { margin-top: 0; }
          .sideways table { font-size: 14px; } .sideways th, .sideways td { padding-left: 16px; }
          .sideways th:first-child { padding-left: 0; }
          .tiles { gap: 14px 56px; }
          .verdict:has(.gauge) { grid-template-columns: minmax(0, 1fr) 440px 580px; column-gap: 48px; }
          .verdict:has(.gauge) > .tiles { grid-column: 1 / 3; grid-row: 3; }
          .verdict:has(.gauge) > ul { grid-column: 3; grid-row: 1 / span 3; align-self: center; margin: 0; }
          .warnings ul { max-width: none; columns: 78ch 2; column-gap: 64px; } .warnings li { break-inside: avoid; margin: 0 0 6px; }
        }
        @media (max-width: 1099px) {
          .pair { grid-template-columns: minmax(0, 1fr); }
          .wide { display: none; } .middle { display: block; }
        }
        @media (max-width: 620px) {
          main { padding: 18px 14px 48px; }
          .middle, .half { display: none; } .narrow { display: block; }
          nav ul { flex-wrap: nowrap; overflow-x: auto; gap: 4px 18px; padding: 4px 0; }
          nav li { white-space: nowrap; }
          section { margin-top: 34px; padding-top: 18px; }
          .verdict, .warnings { padding: 16px; }
          .verdict h2 { font-size: 21px; }
          h2 { font-size: 19px; }
          .tiles { gap: 12px 24px; }
          table { font-size: 14px; } th, td { padding-left: 16px; }
          .sides small { font-size: 12px; }
          .sides small { white-space: normal; max-width: 13ch; margin-left: auto; }
          /* All of it is seen without scrolling: both paths and their difference. */
          .moment { display: inline-block; width: 7em; white-space: normal; vertical-align: top; }
          .sides { table-layout: fixed; } .sides th:first-child { width: 6.4em; }
          .sides td, .sides th { padding-left: 6px; } .sides th { white-space: normal; overflow-wrap: anywhere; }
          .sides:has(th:nth-child(5)) { table-layout: auto; width: max-content; max-width: none; }
        }
        @media print {
          @page { margin: 14mm 12mm; }
          :root { color-scheme: light; }
          body { font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          main { max-width: none; padding: 0; }
          nav, details, .tip { display: none; }
          .vast, .wide, .narrow, .broad, .half { display: none; } .middle, .pair .narrow { display: block; }
          .pair { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 6mm; }
          .stacked { display: block; }
          .stacked > div + div { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 6mm; }
          .verdict { padding: 10px 16px; } .verdict h2 { font-size: 15pt; } .verdict ul { font-size: 9.5pt; }
          .verdict:has(.gauge) { display: grid; grid-template-columns: minmax(0, 1fr) 300px; column-gap: 20px; }
          .verdict:has(.gauge) > * { grid-column: 1 / -1; }
          .verdict:has(.gauge) > .kicker, .verdict:has(.gauge) > h2 { grid-column: 1; }
          .verdict > .gauge { grid-column: 2; grid-row: 1 / span 2; align-self: center; margin: 0; }
          .tiles { gap: 6px 24px; margin: 8px 0 4px; } .tiles dd { font-size: 13pt; }
          .sides tbody small { display: inline; margin-left: 7px; font-size: 8pt; } thead th { font-size: inherit; }
          section { margin-top: 18pt; padding-top: 10pt; }
          h2 { break-after: avoid; } figure, .verdict, .warnings, tr, .hosts > div { break-inside: avoid; }
          .scroll { overflow: visible; break-inside: avoid; background: none; }
          table { font-size: 9pt; } .pair:not(.stacked) table { font-size: 8pt; }
          .pair:not(.stacked) th, .pair:not(.stacked) td { padding-left: 8px; }
          .pair:not(.stacked) th:first-child { padding-left: 0; }
          .pair:not(.stacked) thead th { white-space: normal; }
          .stacked > div > figure { margin-top: 0; }
          thead { display: table-header-group; break-after: avoid; }
          th, td { padding: 2px 0 2px 14px; }
          a { color: inherit; text-decoration: none; }
        }
        """
}
