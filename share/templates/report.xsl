<?xml version="1.0" encoding="UTF-8"?>
<!-- The page of `optout report`. Its facts are what that command says as JSON: an element for each
     name, and <item> for the members of an array; what has series has the geometry of a chart
     instead, in a drawing of 720 by 240. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
                xmlns="http://www.w3.org/1999/xhtml" exclude-result-prefixes="#default">

<xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>

<xsl:template match="/report">
  <html lang="en">
    <head>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta name="color-scheme" content="light dark"/>
      <meta name="robots" content="noindex, nofollow"/>
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
      <title>Opt-outs and refusals, <xsl:call-template name="span"/></title>
      <style>
        <xsl:value-of select="css" disable-output-escaping="yes"/>
        <xsl:call-template name="style"/>
      </style>
    </head>
    <body>
      <main>
        <h1>Opt-outs and refusals</h1>
        <p>
          <xsl:call-template name="span"/>
          <xsl:if test="scope">, scope <code><xsl:value-of select="scope"/></code> and what is below</xsl:if>.
          All times are UTC.
        </p>
        <xsl:call-template name="figures"/>
        <xsl:call-template name="optouts"/>
        <xsl:call-template name="refusals"/>
        <xsl:call-template name="reasons"/>
        <xsl:call-template name="imports"/>
        <xsl:call-template name="removals"/>
        <xsl:call-template name="streams"/>
        <xsl:call-template name="unclaimed"/>
        <xsl:call-template name="covers"/>
      </main>
      <footer class="small">
        Made on <xsl:call-template name="time"><xsl:with-param name="of" select="made"/></xsl:call-template>
        by <xsl:value-of select="program"/>.
      </footer>
    </body>
  </html>
</xsl:template>

<!-- words and numbers -->

<xsl:template name="span">
  <xsl:call-template name="time"><xsl:with-param name="of" select="/report/since"/></xsl:call-template>
  <xsl:text> to </xsl:text>
  <xsl:call-template name="time"><xsl:with-param name="of" select="/report/until"/></xsl:call-template>
</xsl:template>

<!-- 2026-11-26T12:00:00Z as 2026-11-26 12:00, a day alone where it begins. -->
<xsl:template name="time">
  <xsl:param name="of"/>
  <xsl:value-of select="substring($of, 1, 10)"/>
  <xsl:if test="substring($of, 12, 5) != '00:00'">
    <xsl:value-of select="concat(' ', substring($of, 12, 5))"/>
  </xsl:if>
</xsl:template>

<xsl:template name="number">
  <xsl:param name="of" select="."/>
  <xsl:choose>
    <xsl:when test="string($of) = ''">–</xsl:when>
    <xsl:otherwise><xsl:value-of select="format-number($of, '#,##0')"/></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<xsl:template name="cell">
  <xsl:param name="label"/>
  <xsl:param name="of"/>
  <td class="number" data-label="{$label}">
    <xsl:call-template name="number"><xsl:with-param name="of" select="$of"/></xsl:call-template>
  </td>
</xsl:template>

<xsl:template name="figure">
  <xsl:param name="label"/>
  <xsl:param name="of"/>
  <div>
    <dt><xsl:value-of select="$label"/></dt>
    <dd><xsl:call-template name="number"><xsl:with-param name="of" select="$of"/></xsl:call-template></dd>
  </div>
</xsl:template>

<xsl:template name="figures">
  <dl class="figures">
    <xsl:call-template name="figure">
      <xsl:with-param name="label">opt-outs recorded</xsl:with-param>
      <xsl:with-param name="of" select="optouts/total"/>
    </xsl:call-template>
    <xsl:call-template name="figure">
      <xsl:with-param name="label">recipients kept back</xsl:with-param>
      <xsl:with-param name="of" select="refusals/total"/>
    </xsl:call-template>
    <xsl:call-template name="figure">
      <xsl:with-param name="label">lists imported</xsl:with-param>
      <xsl:with-param name="of" select="count(imports/item[kind = 'import'])"/>
    </xsl:call-template>
    <xsl:call-template name="figure">
      <xsl:with-param name="label">removals by hand</xsl:with-param>
      <xsl:with-param name="of" select="count(removals/item)"/>
    </xsl:call-template>
  </dl>
</xsl:template>

<!-- charts -->

<xsl:template match="chart">
  <xsl:param name="title"/>
  <xsl:param name="what"/>
  <figure>
    <figcaption>
      <xsl:value-of select="concat($title, ', by ', @unit)"/>
      <ul class="legend">
        <xsl:for-each select="series">
          <li>
            <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true"><rect width="12" height="12" class="c{@class}"/></svg>
            <xsl:value-of select="@name"/>
            <xsl:text>: </xsl:text>
            <xsl:call-template name="number"><xsl:with-param name="of" select="@total"/></xsl:call-template>
          </li>
        </xsl:for-each>
      </ul>
    </figcaption>
    <div class="wide" tabindex="0" role="region" aria-label="{$title}, drawing"><svg class="chart" viewBox="0 0 720 240" role="img" aria-label="{$title}, by {@unit}; the table behind it has the figures">
      <xsl:for-each select="line">
        <line x1="56" x2="712" y1="{@y}" y2="{@y}" class="grid"/>
        <text x="50" y="{@y}" dy="4" text-anchor="end"><xsl:call-template name="number"><xsl:with-param name="of" select="@label"/></xsl:call-template></text>
      </xsl:for-each>
      <xsl:for-each select="part/bar">
        <rect x="{@x}" y="{@y}" width="{@width}" height="{@height}" class="c{@class}">
          <title><xsl:value-of select="concat(../@label, ', ', @name, ': ', @count)"/></title>
        </rect>
      </xsl:for-each>
      <xsl:for-each select="mark">
        <text x="{@x}" y="{../@bottom + 18}" text-anchor="middle"><xsl:value-of select="@label"/></text>
      </xsl:for-each>
    </svg></div>
    <details>
      <summary>The figures as a table</summary>
      <div class="wide" tabindex="0" role="region" aria-label="{$title}, figures">
        <table class="grid">
          <caption><xsl:value-of select="$title"/></caption>
          <thead>
            <tr>
              <th scope="col"><xsl:value-of select="@unit"/></th>
              <xsl:for-each select="series"><th scope="col" class="number"><xsl:value-of select="@name"/></th></xsl:for-each>
            </tr>
          </thead>
          <tbody>
            <xsl:for-each select="part[@total != '0']">
              <xsl:variable name="part" select="."/>
              <tr>
                <th scope="row" class="when"><xsl:value-of select="@label"/></th>
                <xsl:for-each select="../series">
                  <xsl:variable name="class" select="@class"/>
                  <td class="number">
                    <xsl:call-template name="number">
                      <xsl:with-param name="of" select="sum($part/bar[@class = $class]/@count)"/>
                    </xsl:call-template>
                  </td>
                </xsl:for-each>
              </tr>
            </xsl:for-each>
          </tbody>
        </table>
      </div>
    </details>
  </figure>
</xsl:template>

<xsl:template name="optouts">
  <h2>Opt-outs over time</h2>
  <xsl:choose>
    <xsl:when test="optouts/chart">
      <xsl:apply-templates select="optouts/chart">
        <xsl:with-param name="title">Opt-outs recorded, by source</xsl:with-param>
      </xsl:apply-templates>
    </xsl:when>
    <xsl:otherwise><p>None was recorded in this time.</p></xsl:otherwise>
  </xsl:choose>
  <p class="faint">
    Beside them <xsl:value-of select="blocks"/> blocks (bounces, pauses) and
    <xsl:value-of select="optins"/> opt-ins, of which <xsl:value-of select="optins_confirmed"/> confirmed.
  </p>
</xsl:template>

<xsl:template name="refusals">
  <h2>Kept back over time</h2>
  <xsl:choose>
    <xsl:when test="refusals/chart">
      <xsl:apply-templates select="refusals/chart">
        <xsl:with-param name="title">Recipients kept back, by stream</xsl:with-param>
      </xsl:apply-templates>
    </xsl:when>
    <xsl:otherwise><p>Nobody was kept back in this time.</p></xsl:otherwise>
  </xsl:choose>
  <xsl:if test="monitored/chart">
    <div class="note"><p>
      Streams in monitor mode would have kept back
      <xsl:call-template name="number"><xsl:with-param name="of" select="monitored/total"/></xsl:call-template>
      more; those recipients <strong>were mailed</strong>.
    </p></div>
  </xsl:if>
</xsl:template>

<!-- tables -->

<xsl:template name="reasons">
  <h2>Reasons that people gave</h2>
  <xsl:choose>
    <xsl:when test="reasons/item">
      <table>
        <thead><tr><th scope="col">scope</th><th scope="col">reason</th><th scope="col" class="number">opt-outs</th></tr></thead>
        <tbody>
          <xsl:for-each select="reasons/item">
            <tr>
              <td data-label="scope"><code><xsl:value-of select="scope"/></code></td>
              <td data-label="reason">
                <xsl:value-of select="reason"/>
                <xsl:if test="not(reason)">in their own words alone</xsl:if>
              </td>
              <xsl:call-template name="cell">
                <xsl:with-param name="label">opt-outs</xsl:with-param>
                <xsl:with-param name="of" select="count"/>
              </xsl:call-template>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
    </xsl:when>
    <xsl:otherwise><p>Nobody gave one in this time. Giving one is never asked for before the opt-out is done.</p></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<xsl:template name="who">
  <xsl:value-of select="actor"/>
  <xsl:if test="staff"><xsl:value-of select="concat(', ', staff)"/></xsl:if>
</xsl:template>

<xsl:template name="imports">
  <h2>Lists imported and undone</h2>
  <xsl:choose>
    <xsl:when test="imports/item">
      <table>
        <thead>
          <tr>
            <th scope="col">begun</th><th scope="col">what</th><th scope="col">source</th><th scope="col">by</th>
            <th scope="col" class="number">read</th><th scope="col" class="number">added</th>
            <th scope="col" class="number">withdrawn</th><th scope="col" class="number">rejected</th>
          </tr>
        </thead>
        <tbody>
          <xsl:for-each select="imports/item">
            <tr>
              <td class="when" data-label="begun"><xsl:call-template name="time"><xsl:with-param name="of" select="time"/></xsl:call-template></td>
              <td data-label="what">
                <xsl:value-of select="kind"/>
                <xsl:if test="ended = 'no'">, not ended</xsl:if>
                <xsl:if test="undone = 'yes'">, undone later</xsl:if>
              </td>
              <td data-label="source"><xsl:value-of select="source"/></td>
              <td data-label="by"><xsl:call-template name="who"/></td>
              <xsl:call-template name="cell"><xsl:with-param name="label">read</xsl:with-param><xsl:with-param name="of" select="read"/></xsl:call-template>
              <xsl:call-template name="cell"><xsl:with-param name="label">added</xsl:with-param><xsl:with-param name="of" select="added"/></xsl:call-template>
              <xsl:call-template name="cell"><xsl:with-param name="label">withdrawn</xsl:with-param><xsl:with-param name="of" select="withdrawn"/></xsl:call-template>
              <xsl:call-template name="cell"><xsl:with-param name="label">rejected</xsl:with-param><xsl:with-param name="of" select="rejected"/></xsl:call-template>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
    </xsl:when>
    <xsl:otherwise><p>None in this time.</p></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<xsl:template name="removals">
  <h2>Choices taken back</h2>
  <xsl:choose>
    <xsl:when test="removals/item">
      <table>
        <thead>
          <tr><th scope="col">time</th><th scope="col">by</th><th scope="col" class="number">choices</th><th scope="col">note</th></tr>
        </thead>
        <tbody>
          <xsl:for-each select="removals/item">
            <tr>
              <td class="when" data-label="time"><xsl:call-template name="time"><xsl:with-param name="of" select="time"/></xsl:call-template></td>
              <td data-label="by"><xsl:call-template name="who"/></td>
              <xsl:call-template name="cell"><xsl:with-param name="label">choices</xsl:with-param><xsl:with-param name="of" select="choices"/></xsl:call-template>
              <td data-label="note"><xsl:value-of select="note"/></td>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
      <p class="faint">By <em>web</em> or <em>mail</em>: people who undid their own opt-out. What the undo of an import took back stands above.</p>
    </xsl:when>
    <xsl:otherwise><p>None in this time.</p></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<xsl:template name="streams">
  <h2>Marketing mail as it is set up now</h2>
  <table>
    <caption>Counts are of the milter on this server, since its ledger was made.</caption>
    <thead>
      <tr>
        <th scope="col">stream</th><th scope="col">scope</th><th scope="col">mode</th><th scope="col">one-click</th>
        <th scope="col" class="number">messages</th><th scope="col" class="number">handed on to</th><th scope="col" class="number">kept back</th>
      </tr>
    </thead>
    <tbody>
      <xsl:for-each select="streams/item">
        <tr>
          <th scope="row" data-label="stream"><xsl:value-of select="stream"/></th>
          <td data-label="scope"><code><xsl:value-of select="scope"/></code></td>
          <td data-label="mode"><xsl:value-of select="mode"/></td>
          <td data-label="one-click"><xsl:call-template name="one-click"/></td>
          <xsl:call-template name="cell"><xsl:with-param name="label">messages</xsl:with-param><xsl:with-param name="of" select="messages"/></xsl:call-template>
          <xsl:call-template name="cell"><xsl:with-param name="label">handed on to</xsl:with-param><xsl:with-param name="of" select="delivered"/></xsl:call-template>
          <xsl:call-template name="cell"><xsl:with-param name="label">kept back</xsl:with-param><xsl:with-param name="of" select="kept_back"/></xsl:call-template>
        </tr>
      </xsl:for-each>
    </tbody>
  </table>
</xsl:template>

<xsl:template name="one-click">
  <xsl:choose>
    <xsl:when test="not(without_one_click)"><span class="good">in every message</span></xsl:when>
    <xsl:when test="without_one_click = 'several-recipients'">not in messages with several recipients</xsl:when>
    <xsl:when test="without_one_click = 'kept-as-sent'">as the sender writes it</xsl:when>
    <xsl:when test="without_one_click = 'monitor'"><span class="bad">none: nothing is changed in monitor mode</span></xsl:when>
    <xsl:when test="without_one_click = 'off'"><span class="bad">none: list_unsubscribe is off</span></xsl:when>
    <xsl:otherwise><span class="bad">none: there is no public_url</span></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<xsl:template name="unclaimed">
  <h2>Bulk mail that no stream claims</h2>
  <xsl:choose>
    <xsl:when test="unclaimed/item">
      <p>It bears signs of bulk, no stream of the configuration matches it, and <strong>nobody's opt-out was looked up for it</strong>.</p>
      <table>
        <thead>
          <tr>
            <th scope="col">sender’s domain</th><th scope="col">listener</th><th scope="col">login</th>
            <th scope="col" class="number">messages</th><th scope="col" class="number">recipients</th><th scope="col">last</th>
          </tr>
        </thead>
        <tbody>
          <xsl:for-each select="unclaimed/item">
            <tr>
              <td data-label="domain"><xsl:value-of select="domain"/></td>
              <td data-label="listener"><xsl:value-of select="listener"/></td>
              <td data-label="login"><xsl:value-of select="login"/></td>
              <xsl:call-template name="cell"><xsl:with-param name="label">messages</xsl:with-param><xsl:with-param name="of" select="messages"/></xsl:call-template>
              <xsl:call-template name="cell"><xsl:with-param name="label">recipients</xsl:with-param><xsl:with-param name="of" select="recipients"/></xsl:call-template>
              <td class="when" data-label="last"><xsl:call-template name="time"><xsl:with-param name="of" select="last"/></xsl:call-template></td>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
    </xsl:when>
    <xsl:otherwise><p>None was seen in this time.</p></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<xsl:template name="covers">
  <h2>What this report covers</h2>
  <ul>
    <li>Marketing mail of the streams above that was handed to this mail server, and what its milter decided. Handed on is not delivered.</li>
    <li>Tools that send by another way, other mail servers, and mail that came while the milter was down are not in it.</li>
    <li>Times are those of this machine's clock.</li>
  </ul>
</xsl:template>

<xsl:template name="style">
:root { --c0: #1f4f8f; --c1: #b3541e; --c2: #1d6b35; --c3: #6a3d9a; --c4: #a61e4d; --c5: #0b7285; --c6: #7a5b00; --c7: #5c636a; }
@media (prefers-color-scheme: dark) {
  :root { --c0: #8ab4f8; --c1: #f2a65a; --c2: #7fd69a; --c3: #c7a6ff; --c4: #ff9bb5; --c5: #6fd3e3; --c6: #e0c060; --c7: #a8b0b8; }
}
@media print {
  :root { --c0: #1f4f8f; --c1: #b3541e; --c2: #1d6b35; --c3: #6a3d9a; --c4: #a61e4d; --c5: #0b7285; --c6: #7a5b00; --c7: #5c636a; }
  svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  details { display: none; }
  figure { break-inside: avoid; }
  .chart { min-width: 0; }
}
.c0 { fill: var(--c0); } .c1 { fill: var(--c1); } .c2 { fill: var(--c2); } .c3 { fill: var(--c3); }
.c4 { fill: var(--c4); } .c5 { fill: var(--c5); } .c6 { fill: var(--c6); } .c7 { fill: var(--c7); }
figure { margin: 1rem 0; }
.chart { min-width: 34rem; }
th, td { overflow-wrap: break-word; }
code { overflow-wrap: anywhere; }
td.number + td:not(.number), th.number + th:not(.number) { padding-left: 1rem; }
figure rect { stroke: var(--paper); stroke-width: 1; }
svg text { fill: var(--faint); font-size: 12px; font-variant-numeric: tabular-nums; }
svg .grid { stroke: var(--rule); }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0.375rem 0 0.5rem; padding: 0; list-style: none; font-size: 0.875rem; }
.legend svg { display: inline; margin-right: 0.375rem; }
summary { padding: 0.25rem 0; color: var(--accent); cursor: pointer; }
.wide { overflow-x: auto; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 0.75rem; margin: 1.25rem 0; }
.figures div { display: flex; flex-direction: column-reverse; padding: 0.75rem 1rem; background: var(--tint); border-radius: 0.375rem; }
.figures dd { font-size: 1.625rem; font-weight: 600; font-variant-numeric: tabular-nums; margin: 0; }
@media screen and (max-width: 36rem) {
  caption { display: block; }
  td.number + td:not(.number) { padding-left: 0; }
  table.grid, table.grid tbody, table.grid tr, table.grid th, table.grid td { display: revert; }
  table.grid thead { position: static; width: auto; height: auto; overflow: visible; clip-path: none; }
  table.grid th, table.grid td, table.grid td.number { padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid var(--rule); }
}
</xsl:template>

</xsl:stylesheet>
