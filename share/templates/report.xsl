<?xml version="1.0" encoding="UTF-8"?>
<!-- The page of `optout report`. Its facts are what that command says as JSON: an element for each
     name, and <item> for the members of an array, of which the attribute count tells how many there
     are, and more how many are left out here; what has series has the geometry of a chart
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
        <xsl:call-template name="before"/>
        <xsl:call-template name="look-at"/>
        <xsl:call-template name="figures"/>
        <xsl:call-template name="optouts"/>
        <xsl:call-template name="effect"/>
        <xsl:call-template name="refusals"/>
        <xsl:call-template name="handed-on"/>
        <xsl:call-template name="reasons"/>
        <xsl:call-template name="imports"/>
        <xsl:call-template name="removals"/>
        <xsl:call-template name="proposals"/>
        <xsl:call-template name="readings"/>
        <xsl:call-template name="streams"/>
        <xsl:call-template name="unclaimed"/>
        <xsl:call-template name="record"/>
        <xsl:call-template name="covers"/>
      </main>
      <footer class="small">
        Made on <xsl:call-template name="time"><xsl:with-param name="of" select="made"/></xsl:call-template>
        by <xsl:value-of select="program"/>.
      </footer>
    </body>
  </html>
</xsl:template>

<!-- What was before the journals begin nobody can tell, and a 0 is none then. -->
<xsl:template name="before">
  <xsl:variable name="since" select="number(translate(substring(since, 1, 19), '-T:', ''))"/>
  <xsl:if test="number(translate(substring(list_begins, 1, 19), '-T:', '')) &gt; $since">
    <p>Of opt-outs before <strong><xsl:call-template name="time"><xsl:with-param name="of" select="list_begins"/></xsl:call-template></strong>
    nothing is known: the list's journal begins then.</p>
  </xsl:if>
  <xsl:if test="number(translate(substring(ledger_begins, 1, 19), '-T:', '')) &gt; $since">
    <p>Of mail before <strong><xsl:call-template name="time"><xsl:with-param name="of" select="ledger_begins"/></xsl:call-template></strong>
    nothing is known: the ledger's journal begins then.</p>
  </xsl:if>
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

<!-- Seconds, with their thousandths. -->
<xsl:template name="duration">
  <xsl:param name="of"/>
  <xsl:variable name="s" select="floor($of)"/>
  <xsl:choose>
    <xsl:when test="string($of) = ''">–</xsl:when>
    <xsl:when test="$s &gt;= 86400"><xsl:value-of select="concat(floor($s div 86400), '&#160;d&#160;', floor($s mod 86400 div 3600), '&#160;h')"/></xsl:when>
    <xsl:when test="$s &gt;= 3600"><xsl:value-of select="concat(floor($s div 3600), '&#160;h&#160;', floor($s mod 3600 div 60), '&#160;min')"/></xsl:when>
    <xsl:when test="$s &gt;= 60"><xsl:value-of select="concat(floor($s div 60), '&#160;min&#160;', $s mod 60, '&#160;s')"/></xsl:when>
    <xsl:when test="$s &gt;= 1"><xsl:value-of select="concat($s, '&#160;s')"/></xsl:when>
    <xsl:otherwise><xsl:value-of select="concat(round($of * 1000), '&#160;ms')"/></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<!-- 48h, 10bd -->
<xsl:template name="allowed">
  <xsl:param name="of"/>
  <xsl:choose>
    <xsl:when test="contains($of, 'bd')"><xsl:value-of select="concat(substring-before($of, 'bd'), ' business days')"/></xsl:when>
    <xsl:when test="contains($of, 'h')"><xsl:value-of select="concat(substring-before($of, 'h'), ' hours')"/></xsl:when>
    <xsl:otherwise><xsl:value-of select="$of"/></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<!-- A scope, a path, a name: what is short stays in one piece, what is long is broken anywhere. -->
<xsl:template name="name">
  <xsl:param name="of" select="."/>
  <span>
    <xsl:attribute name="class"><xsl:choose><xsl:when test="string-length($of) &gt; 28">long</xsl:when><xsl:otherwise>short</xsl:otherwise></xsl:choose></xsl:attribute>
    <xsl:value-of select="$of"/>
    <xsl:if test="string($of) = ''">–</xsl:if>
  </span>
</xsl:template>

<xsl:template name="more">
  <xsl:param name="of"/>
  <xsl:if test="$of/@more">
    <p class="faint">And <xsl:call-template name="number"><xsl:with-param name="of" select="$of/@more"/></xsl:call-template>
    more, which <code>optout report --json</code> has.</p>
  </xsl:if>
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
    <div>
      <dt>longest until in effect</dt>
      <dd><xsl:call-template name="duration"><xsl:with-param name="of" select="effect/longest"/></xsl:call-template></dd>
    </div>
    <xsl:call-template name="figure">
      <xsl:with-param name="label">opt-outs over a limit</xsl:with-param>
      <xsl:with-param name="of" select="effect/over"/>
    </xsl:call-template>
    <xsl:call-template name="figure">
      <xsl:with-param name="label">lists imported</xsl:with-param>
      <xsl:with-param name="of" select="lists_imported"/>
    </xsl:call-template>
    <xsl:call-template name="figure">
      <xsl:with-param name="label">times choices were taken back</xsl:with-param>
      <xsl:with-param name="of" select="removals/@count"/>
    </xsl:call-template>
  </dl>
</xsl:template>

<!-- things to look at -->

<xsl:template name="look-at">
  <section class="note" aria-labelledby="look-at">
    <h2 id="look-at">Things to look at</h2>
    <xsl:choose>
      <xsl:when test="look_at/item">
        <ul><xsl:apply-templates select="look_at/item" mode="remark"/></ul>
      </xsl:when>
      <xsl:otherwise><p>None: no opt-out came near a limit, nothing was handed on in spite of one, all bulk mail that was seen
      belongs to a stream, and list and ledger were verified within 30 days.</p></xsl:otherwise>
    </xsl:choose>
  </section>
</xsl:template>

<xsl:template match="item" mode="remark">
  <li>
    <xsl:choose>
      <xsl:when test="kind = 'limit-over'">
        <span class="bad">Over a limit:</span> opt-outs that took longer than <em><xsl:value-of select="limit"/></em> allows,
        <a href="#effect"><xsl:call-template name="number"><xsl:with-param name="of" select="count"/></xsl:call-template></a>.
      </xsl:when>
      <xsl:when test="kind = 'limit-near'">
        <strong>Near a limit:</strong> opt-outs that took more than three quarters of what <em><xsl:value-of select="limit"/></em> allows,
        <a href="#effect"><xsl:call-template name="number"><xsl:with-param name="of" select="count"/></xsl:call-template></a>.
      </xsl:when>
      <xsl:when test="kind = 'handed-on-after'">
        <span class="bad">Mailed in spite of an opt-out</span> that was on the list already: messages,
        <a href="#effect"><xsl:call-template name="number"><xsl:with-param name="of" select="count"/></xsl:call-template></a>.
      </xsl:when>
      <xsl:when test="kind = 'monitor'">
        <strong>Monitor mode:</strong> whoever opted out of stream <a href="#streams"><xsl:value-of select="stream"/></a> is mailed all the
        same; recipients in this time, <xsl:call-template name="number"><xsl:with-param name="of" select="count"/></xsl:call-template>.
      </xsl:when>
      <xsl:when test="kind = 'no-one-click'">
        <strong>No one-click link</strong> in mail of stream <a href="#streams"><xsl:value-of select="stream"/></a>.
      </xsl:when>
      <xsl:when test="kind = 'unclaimed'">
        <strong>Bulk mail that no stream claims</strong>, so that nobody's opt-out was looked up for it: messages,
        <a href="#unclaimed"><xsl:call-template name="number"><xsl:with-param name="of" select="count"/></xsl:call-template></a>.
      </xsl:when>
      <xsl:when test="kind = 'never-verified'">
        <strong>Never verified:</strong> whether list and ledger are still as they were written was not looked at with
        <code>optout verify</code>, as far as the <a href="#record">ledger</a> tells.
      </xsl:when>
      <xsl:when test="kind = 'verified-long-ago'">
        <strong>Verified long ago:</strong> list and ledger were last verified on
        <a href="#record"><xsl:call-template name="time"><xsl:with-param name="of" select="time"/></xsl:call-template></a>, over 30 days before this report.
      </xsl:when>
      <xsl:when test="kind = 'not-whole'">
        <span class="bad">Not whole:</span> the verification of
        <a href="#record"><xsl:call-template name="time"><xsl:with-param name="of" select="time"/></xsl:call-template></a> found list or ledger changed or damaged.
      </xsl:when>
      <xsl:when test="kind = 'checkpoint-misfit'">
        <span class="bad">Checkpoints that do not fit</span> what list and ledger hold, in the verification of
        <a href="#record"><xsl:call-template name="time"><xsl:with-param name="of" select="time"/></xsl:call-template></a>:
        <xsl:call-template name="number"><xsl:with-param name="of" select="count"/></xsl:call-template>.
      </xsl:when>
      <xsl:when test="kind = 'loss-open'">
        <span class="bad">Opt-outs may be missing:</span> the list was restored without what it replaced, and nobody has settled that;
        marketing mail is put off meanwhile.
      </xsl:when>
      <xsl:when test="kind = 'loss'">
        <span class="bad">Lost events:</span> the <xsl:value-of select="store"/> was restored on
        <a href="#record"><xsl:call-template name="time"><xsl:with-param name="of" select="time"/></xsl:call-template></a> without all that it had held.
      </xsl:when>
      <xsl:when test="kind = 'not-ended'">
        <strong>Import not ended:</strong> the one of
        <a href="#imports"><xsl:call-template name="time"><xsl:with-param name="of" select="time"/></xsl:call-template></a>
        <xsl:if test="source"> from <em><xsl:value-of select="source"/></em></xsl:if>.
      </xsl:when>
      <xsl:when test="kind = 'proposals-open'">
        <strong>Open proposals</strong>, which wait for another person:
        <a href="#proposals"><xsl:call-template name="number"><xsl:with-param name="of" select="count"/></xsl:call-template></a>.
      </xsl:when>
      <xsl:otherwise><xsl:value-of select="kind"/></xsl:otherwise>
    </xsl:choose>
  </li>
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
    Beside them blocks (bounces, pauses): <xsl:call-template name="number"><xsl:with-param name="of" select="blocks"/></xsl:call-template>;
    opt-ins: <xsl:call-template name="number"><xsl:with-param name="of" select="optins"/></xsl:call-template>, of which confirmed:
    <xsl:call-template name="number"><xsl:with-param name="of" select="optins_confirmed"/></xsl:call-template>.
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
  <xsl:if test="queue/held/messages != 0 or queue/deleted/messages != 0">
    <p>
      In the mail server's queue when the opt-out came: messages held back,
      <xsl:call-template name="number"><xsl:with-param name="of" select="queue/held/messages"/></xsl:call-template>; taken out,
      <xsl:call-template name="number"><xsl:with-param name="of" select="queue/deleted/messages"/></xsl:call-template>. They are not in the figures above.
    </p>
  </xsl:if>
</xsl:template>

<xsl:template name="handed-on">
  <xsl:if test="handed_on/chart">
    <h2>Handed on over time</h2>
    <xsl:apply-templates select="handed_on/chart">
      <xsl:with-param name="title">Recipients that mail was handed on to, by stream</xsl:with-param>
    </xsl:apply-templates>
    <p class="faint">Of streams whose messages are all recorded, <a href="#record">while they were</a>. Handed on is not delivered.</p>
  </xsl:if>
</xsl:template>

<!-- time to effect -->

<xsl:template name="effect">
  <h2 id="effect">Time to effect</h2>
  <xsl:choose>
    <xsl:when test="effect/sources/item">
      <p>From the moment when somebody said no until nothing reached them any more: until the opt-out was on the list, which holds
      for the next message, or until the last message went out in spite of it.</p>
      <xsl:apply-templates select="effect/sources"/>
      <xsl:apply-templates select="effect/limits[item]"/>
    </xsl:when>
    <xsl:otherwise><p>No opt-out was recorded in this time.</p></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<xsl:template match="effect/sources">
  <table>
    <caption>By source. Of an undated opt-out nobody told when it was asked for.</caption>
    <thead>
      <tr>
        <th scope="col">source</th><th scope="col" class="number">opt-outs</th><th scope="col" class="number">undated</th>
        <th scope="col" class="number">median</th><th scope="col" class="number">90 %</th><th scope="col" class="number">longest</th>
        <th scope="col" class="number">mailed before it was recorded</th><th scope="col" class="number">mailed in spite of it</th>
      </tr>
    </thead>
    <tbody>
      <xsl:for-each select="item">
        <tr>
          <th scope="row" data-label="source"><xsl:call-template name="name"><xsl:with-param name="of" select="source"/></xsl:call-template></th>
          <xsl:call-template name="cell"><xsl:with-param name="label">opt-outs</xsl:with-param><xsl:with-param name="of" select="opt_outs"/></xsl:call-template>
          <xsl:call-template name="cell"><xsl:with-param name="label">undated</xsl:with-param><xsl:with-param name="of" select="undated"/></xsl:call-template>
          <td class="number" data-label="median"><xsl:call-template name="duration"><xsl:with-param name="of" select="to_effect/median"/></xsl:call-template></td>
          <td class="number" data-label="90 %"><xsl:call-template name="duration"><xsl:with-param name="of" select="to_effect/p90"/></xsl:call-template></td>
          <td class="number" data-label="longest"><xsl:call-template name="duration"><xsl:with-param name="of" select="to_effect/max"/></xsl:call-template></td>
          <td class="number" data-label="mailed before it was recorded">
            <xsl:choose>
              <xsl:when test="handed_on_before = 0 and not_recorded != 0">not known</xsl:when>
              <xsl:otherwise>
                <xsl:call-template name="number"><xsl:with-param name="of" select="handed_on_before"/></xsl:call-template>
                <xsl:if test="not_recorded != 0"> or more</xsl:if>
              </xsl:otherwise>
            </xsl:choose>
          </td>
          <xsl:call-template name="cell"><xsl:with-param name="label">mailed in spite of it</xsl:with-param><xsl:with-param name="of" select="handed_on_after"/></xsl:call-template>
        </tr>
      </xsl:for-each>
    </tbody>
  </table>
  <xsl:call-template name="more"><xsl:with-param name="of" select="."/></xsl:call-template>
</xsl:template>

<xsl:template match="effect/limits">
  <table>
    <caption>Limits. Near is more than three quarters of the time; holidays are not left out of business days.</caption>
    <thead>
      <tr>
        <th scope="col">limit</th><th scope="col">allowed</th><th scope="col" class="number">opt-outs near it</th>
        <th scope="col" class="number">opt-outs over it</th><th scope="col" class="number">messages handed on past it</th>
      </tr>
    </thead>
    <tbody>
      <xsl:for-each select="item">
        <tr>
          <th scope="row" data-label="limit"><xsl:value-of select="limit"/></th>
          <td data-label="allowed"><xsl:call-template name="allowed"><xsl:with-param name="of" select="allowed"/></xsl:call-template></td>
          <xsl:call-template name="cell"><xsl:with-param name="label">opt-outs near it</xsl:with-param><xsl:with-param name="of" select="near"/></xsl:call-template>
          <td class="number" data-label="opt-outs over it">
            <span><xsl:if test="over != 0"><xsl:attribute name="class">bad</xsl:attribute></xsl:if>
            <xsl:call-template name="number"><xsl:with-param name="of" select="over"/></xsl:call-template></span>
          </td>
          <xsl:call-template name="cell"><xsl:with-param name="label">messages handed on past it</xsl:with-param><xsl:with-param name="of" select="handed_on_past"/></xsl:call-template>
        </tr>
      </xsl:for-each>
    </tbody>
  </table>
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
              <td data-label="scope"><code><xsl:call-template name="name"><xsl:with-param name="of" select="scope"/></xsl:call-template></code></td>
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
      <xsl:call-template name="more"><xsl:with-param name="of" select="reasons"/></xsl:call-template>
    </xsl:when>
    <xsl:otherwise><p>Nobody gave one in this time. Giving one is never asked for before the opt-out is done.</p></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<xsl:template name="who">
  <xsl:value-of select="actor"/>
  <xsl:if test="staff"><xsl:value-of select="concat(', ', staff)"/></xsl:if>
</xsl:template>

<xsl:template name="imports">
  <h2 id="imports">Lists imported and undone</h2>
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
              <td data-label="source"><xsl:call-template name="name"><xsl:with-param name="of" select="source"/></xsl:call-template></td>
              <td data-label="by"><xsl:call-template name="who"/></td>
              <xsl:call-template name="cell"><xsl:with-param name="label">read</xsl:with-param><xsl:with-param name="of" select="read"/></xsl:call-template>
              <xsl:call-template name="cell"><xsl:with-param name="label">added</xsl:with-param><xsl:with-param name="of" select="added"/></xsl:call-template>
              <xsl:call-template name="cell"><xsl:with-param name="label">withdrawn</xsl:with-param><xsl:with-param name="of" select="withdrawn"/></xsl:call-template>
              <xsl:call-template name="cell"><xsl:with-param name="label">rejected</xsl:with-param><xsl:with-param name="of" select="rejected"/></xsl:call-template>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
      <xsl:call-template name="more"><xsl:with-param name="of" select="imports"/></xsl:call-template>
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
          <tr><th scope="col">time</th><th scope="col">by</th><th scope="col" class="number">choices</th><xsl:if test="removals/item/note"><th scope="col">note</th></xsl:if></tr>
        </thead>
        <tbody>
          <xsl:for-each select="removals/item">
            <tr>
              <td class="when" data-label="time"><xsl:call-template name="time"><xsl:with-param name="of" select="time"/></xsl:call-template></td>
              <td data-label="by"><xsl:call-template name="who"/></td>
              <xsl:call-template name="cell"><xsl:with-param name="label">choices</xsl:with-param><xsl:with-param name="of" select="choices"/></xsl:call-template>
              <xsl:if test="../item/note"><td data-label="note"><xsl:value-of select="note"/></td></xsl:if>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
      <xsl:call-template name="more"><xsl:with-param name="of" select="removals"/></xsl:call-template>
      <p class="faint">By <em>web</em> or <em>mail</em>: people who undid their own opt-out. What the undo of an import took back stands above.</p>
    </xsl:when>
    <xsl:otherwise><p>None in this time.</p></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<xsl:template name="proposals">
  <h2 id="proposals">Approval by another person</h2>
  <p>
    <xsl:choose>
      <xsl:when test="approval = 'yes'">What could bring people back on the mailing lists takes effect once another person approves it.</xsl:when>
      <xsl:otherwise>It is not asked for: one person alone can take choices back.</xsl:otherwise>
    </xsl:choose>
  </p>
  <xsl:if test="proposals/item">
    <table>
      <thead>
        <tr>
          <th scope="col">proposed</th>
          <xsl:if test="proposals/item/staff"><th scope="col">by</th></xsl:if>
          <th scope="col">what</th><th scope="col" class="number">rows</th><th scope="col">became of it</th>
          <xsl:if test="proposals/item/note"><th scope="col">note</th></xsl:if>
        </tr>
      </thead>
      <tbody>
        <xsl:for-each select="proposals/item">
          <tr>
            <td class="when" data-label="proposed"><xsl:call-template name="time"><xsl:with-param name="of" select="time"/></xsl:call-template></td>
            <xsl:if test="../item/staff"><td data-label="by"><xsl:value-of select="staff"/></td></xsl:if>
            <td data-label="what">
              <xsl:choose>
                <xsl:when test="operation = 'remove'">removal</xsl:when>
                <xsl:when test="operation = 'opt-in'">confirmed opt-ins</xsl:when>
                <xsl:when test="operation = 'undo'">undo of an import</xsl:when>
                <xsl:when test="operation = 'undo-source'">undo of a source</xsl:when>
                <xsl:when test="operation = 'erase'">erasure</xsl:when>
                <xsl:otherwise><xsl:value-of select="operation"/></xsl:otherwise>
              </xsl:choose>
            </td>
            <xsl:call-template name="cell"><xsl:with-param name="label">rows</xsl:with-param><xsl:with-param name="of" select="rows"/></xsl:call-template>
            <td data-label="became of it">
              <xsl:value-of select="state"/>
              <xsl:if test="decided_by"> by <xsl:value-of select="decided_by"/></xsl:if>
            </td>
            <xsl:if test="../item/note"><td data-label="note"><xsl:value-of select="note"/></td></xsl:if>
          </tr>
        </xsl:for-each>
      </tbody>
    </table>
    <xsl:call-template name="more"><xsl:with-param name="of" select="proposals"/></xsl:call-template>
  </xsl:if>
</xsl:template>

<xsl:template name="readings">
  <h2>People's records looked at and erased</h2>
  <xsl:choose>
    <xsl:when test="readings/item">
      <table>
        <caption>Who is shown what is held about people leaves a note of it.</caption>
        <thead>
          <tr>
            <th scope="col">command</th>
            <xsl:if test="readings/item/staff"><th scope="col">by</th></xsl:if>
            <th scope="col" class="number">times</th><th scope="col" class="number">people, where they were counted</th>
          </tr>
        </thead>
        <tbody>
          <xsl:for-each select="readings/item">
            <tr>
              <th scope="row" data-label="command"><code>optout <xsl:value-of select="command"/></code></th>
              <xsl:if test="../item/staff"><td data-label="by"><xsl:value-of select="staff"/></td></xsl:if>
              <xsl:call-template name="cell"><xsl:with-param name="label">times</xsl:with-param><xsl:with-param name="of" select="times"/></xsl:call-template>
              <xsl:call-template name="cell"><xsl:with-param name="label">people</xsl:with-param><xsl:with-param name="of" select="people"/></xsl:call-template>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
      <xsl:call-template name="more"><xsl:with-param name="of" select="readings"/></xsl:call-template>
    </xsl:when>
    <xsl:otherwise><p>Nobody looked at a record in this time.</p></xsl:otherwise>
  </xsl:choose>
  <p>People whose address was erased, while their opt-out goes on holding:
  <xsl:call-template name="number"><xsl:with-param name="of" select="erased"/></xsl:call-template>.</p>
</xsl:template>

<xsl:template name="streams">
  <h2 id="streams">Marketing mail as it is set up now</h2>
  <table>
    <caption>Counts are of the milters on this server, since the ledger was made.</caption>
    <thead>
      <tr>
        <th scope="col">stream</th><th scope="col">scope</th><th scope="col">mode</th><th scope="col">one-click</th>
        <th scope="col" class="number">messages</th><th scope="col" class="number">handed on to</th><th scope="col" class="number">kept back</th>
      </tr>
    </thead>
    <tbody>
      <xsl:for-each select="streams/item">
        <tr>
          <th scope="row" data-label="stream"><xsl:call-template name="name"><xsl:with-param name="of" select="stream"/></xsl:call-template></th>
          <td data-label="scope"><code><xsl:call-template name="name"><xsl:with-param name="of" select="scope"/></xsl:call-template></code></td>
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
  <h2 id="unclaimed">Bulk mail that no stream claims</h2>
  <xsl:choose>
    <xsl:when test="unclaimed/item">
      <p>It bears signs of bulk and no stream of the configuration matches it, so <strong>nobody's opt-out was looked up for it</strong>.
      Counted since each place was first seen; places whose mail began after this time or ended before it are left out.</p>
      <table>
        <thead>
          <tr>
            <th scope="col">sender’s domain</th><th scope="col">listener</th>
            <xsl:if test="unclaimed/item/login"><th scope="col">login</th></xsl:if>
            <th scope="col" class="number">messages</th><th scope="col" class="number">recipients</th><th scope="col">last</th>
          </tr>
        </thead>
        <tbody>
          <xsl:for-each select="unclaimed/item">
            <tr>
              <td data-label="domain"><xsl:call-template name="name"><xsl:with-param name="of" select="domain"/></xsl:call-template></td>
              <td data-label="listener"><xsl:call-template name="name"><xsl:with-param name="of" select="listener"/></xsl:call-template></td>
              <xsl:if test="../item/login"><td data-label="login"><xsl:call-template name="name"><xsl:with-param name="of" select="login"/></xsl:call-template></td></xsl:if>
              <xsl:call-template name="cell"><xsl:with-param name="label">messages</xsl:with-param><xsl:with-param name="of" select="messages"/></xsl:call-template>
              <xsl:call-template name="cell"><xsl:with-param name="label">recipients</xsl:with-param><xsl:with-param name="of" select="recipients"/></xsl:call-template>
              <td class="when" data-label="last"><xsl:call-template name="time"><xsl:with-param name="of" select="last"/></xsl:call-template></td>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
      <xsl:call-template name="more"><xsl:with-param name="of" select="unclaimed"/></xsl:call-template>
    </xsl:when>
    <xsl:otherwise><p>None was seen in this time.</p></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<!-- what the figures rest on -->

<xsl:template name="record">
  <h2 id="record">The record that this rests on</h2>
  <ul>
    <xsl:call-template name="verified"/>
    <li>
      The list's journal begins on <xsl:call-template name="time"><xsl:with-param name="of" select="list_begins"/></xsl:call-template>, the
      ledger's on <xsl:call-template name="time"><xsl:with-param name="of" select="ledger_begins"/></xsl:call-template>.
      <xsl:if test="cut">
        Entries of the ledger up to <xsl:call-template name="time"><xsl:with-param name="of" select="cut/until"/></xsl:call-template> had been
        kept as long as they are to be, and were taken away:
        <xsl:call-template name="number"><xsl:with-param name="of" select="cut/events"/></xsl:call-template>.
      </xsl:if>
    </li>
    <xsl:for-each select="restores/item">
      <li>A backup took the place of the <xsl:value-of select="store"/> on <xsl:call-template name="time"><xsl:with-param name="of" select="time"/></xsl:call-template>.</li>
    </xsl:for-each>
    <xsl:for-each select="losses/item">
      <li><span class="bad">Events of the <xsl:value-of select="store"/> are missing</span>: that was accepted on <xsl:call-template name="time"><xsl:with-param name="of" select="time"/></xsl:call-template>.</li>
    </xsl:for-each>
  </ul>
  <xsl:apply-templates select="recording[item]"/>
  <xsl:apply-templates select="configurations[item]"/>
</xsl:template>

<xsl:template name="verified">
  <xsl:choose>
    <xsl:when test="verified">
      <li>
        Last verified on <xsl:call-template name="time"><xsl:with-param name="of" select="verified/time"/></xsl:call-template>:
        the list was <xsl:apply-templates select="verified/list_whole" mode="whole"/>, the ledger
        <xsl:apply-templates select="verified/ledger_whole" mode="whole"/>. A whole journal is one that nobody has changed, removed or cut.
      </li>
      <li>
        <xsl:choose>
          <xsl:when test="verified/checkpoints_fitting + verified/checkpoints_misfitting = 0">No checkpoint that is kept elsewhere was compared.</xsl:when>
          <xsl:otherwise>
            Checkpoints that were kept elsewhere and compared: fitting,
            <xsl:call-template name="number"><xsl:with-param name="of" select="verified/checkpoints_fitting"/></xsl:call-template>; not fitting,
            <xsl:call-template name="number"><xsl:with-param name="of" select="verified/checkpoints_misfitting"/></xsl:call-template>.
            <xsl:if test="verified/last_checkpoint">
              The last one that fits is of <xsl:call-template name="time"><xsl:with-param name="of" select="verified/last_checkpoint"/></xsl:call-template>.
            </xsl:if>
          </xsl:otherwise>
        </xsl:choose>
      </li>
    </xsl:when>
    <xsl:otherwise><li>List and ledger were not verified, as far as the ledger tells.</li></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<xsl:template match="list_whole | ledger_whole" mode="whole">
  <xsl:choose>
    <xsl:when test=". = 'yes'"><span class="good">whole</span></xsl:when>
    <xsl:otherwise><span class="bad">not whole</span></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<xsl:template match="recording">
  <xsl:variable name="several" select="item[place != ../item[1]/place]"/>
  <table>
    <caption>What the milters that ran last record of each stream; complete: all mail of its scope that was handed on is in the ledger</caption>
    <thead>
      <tr>
        <th scope="col">stream</th><th scope="col">scope</th>
        <xsl:if test="$several"><th scope="col">milter at</th></xsl:if>
        <th scope="col">recorded are</th><th scope="col">mode</th><th scope="col">complete in this time</th>
      </tr>
    </thead>
    <tbody>
      <xsl:for-each select="item">
        <tr>
          <th scope="row" data-label="stream"><xsl:call-template name="name"><xsl:with-param name="of" select="stream"/></xsl:call-template></th>
          <td data-label="scope"><code><xsl:call-template name="name"><xsl:with-param name="of" select="scope"/></xsl:call-template></code></td>
          <xsl:if test="$several"><td data-label="milter at"><code><xsl:call-template name="name"><xsl:with-param name="of" select="place"/></xsl:call-template></code></td></xsl:if>
          <td data-label="recorded are">
            <xsl:choose>
              <xsl:when test="ledger = 'all'">all messages</xsl:when>
              <xsl:otherwise>those that were kept back</xsl:otherwise>
            </xsl:choose>
            <xsl:text>, since </xsl:text>
            <span class="short"><xsl:call-template name="time"><xsl:with-param name="of" select="ledger_since"/></xsl:call-template></span>
          </td>
          <td data-label="mode">
            <xsl:value-of select="mode"/>
            <xsl:text>, since </xsl:text>
            <span class="short"><xsl:call-template name="time"><xsl:with-param name="of" select="mode_since"/></xsl:call-template></span>
            <xsl:if test="stopped">; stopped <span class="short"><xsl:call-template name="time"><xsl:with-param name="of" select="stopped"/></xsl:call-template></span></xsl:if>
          </td>
          <td data-label="complete in this time">
            <xsl:choose>
              <xsl:when test="recorded_all = 'yes'"><span class="good">yes</span></xsl:when>
              <xsl:otherwise>no</xsl:otherwise>
            </xsl:choose>
          </td>
        </tr>
      </xsl:for-each>
    </tbody>
  </table>
  <xsl:call-template name="more"><xsl:with-param name="of" select="."/></xsl:call-template>
</xsl:template>

<xsl:template match="configurations">
  <table>
    <caption>When daemons began, went over to another configuration, and stopped, in this time</caption>
    <thead>
      <tr><th scope="col">time</th><th scope="col">daemon</th><th scope="col">what</th><th scope="col">configuration</th></tr>
    </thead>
    <tbody>
      <xsl:for-each select="item">
        <tr>
          <td class="when" data-label="time"><xsl:call-template name="time"><xsl:with-param name="of" select="time"/></xsl:call-template></td>
          <td data-label="daemon"><xsl:value-of select="actor"/><xsl:text> at </xsl:text><code><xsl:call-template name="name"><xsl:with-param name="of" select="place"/></xsl:call-template></code></td>
          <td data-label="what"><xsl:value-of select="occasion"/></td>
          <td data-label="configuration">
            <code><xsl:value-of select="substring(configuration, 1, 16)"/></code>
            <xsl:if test="changed = 'yes'">, new</xsl:if>
          </td>
        </tr>
      </xsl:for-each>
    </tbody>
  </table>
  <xsl:call-template name="more"><xsl:with-param name="of" select="."/></xsl:call-template>
  <p class="faint"><code>optout config history</code> shows what changed from one to the next.</p>
</xsl:template>

<xsl:template name="covers">
  <h2>What this report covers</h2>
  <ul>
    <li>Marketing mail of the streams above that was handed to this mail server, and what its milter decided. Handed on is not delivered.</li>
    <li>Tools that send by another way, other mail servers, and mail that came while the milter was down are not in it.</li>
    <xsl:if test="scope">
      <li>Proposals, records that were looked at, erasures, imports and bulk mail that no stream claims are told of all scopes.</li>
    </xsl:if>
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
  details:not([open]), summary { display: none; }
  .wide { overflow: visible; }
  table.grid { table-layout: fixed; overflow-wrap: anywhere; }
  figure { break-inside: avoid; }
  .chart { min-width: 0; }
}
.c0 { fill: var(--c0); } .c1 { fill: var(--c1); } .c2 { fill: var(--c2); } .c3 { fill: var(--c3); }
.c4 { fill: var(--c4); } .c5 { fill: var(--c5); } .c6 { fill: var(--c6); } .c7 { fill: var(--c7); }
figure { margin: 1rem 0; }
.chart { min-width: 34rem; }
th, td { overflow-wrap: break-word; }
thead th { vertical-align: bottom; }
.long { overflow-wrap: anywhere; }
.short { white-space: nowrap; }
td.number + td:not(.number), th.number + th:not(.number) { padding-left: 1rem; }
figure rect { stroke: var(--paper); stroke-width: 1; }
svg text { fill: var(--faint); font-size: 12px; font-variant-numeric: tabular-nums; }
svg .grid { stroke: var(--rule); }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0.375rem 0 0.5rem; padding: 0; list-style: none; font-size: 0.875rem; }
.legend svg { display: inline; margin-right: 0.375rem; }
summary { padding: 0.25rem 0; color: var(--accent); cursor: pointer; }
.wide { overflow-x: auto; }
a { color: var(--accent); }
section.note h2 { margin: 0 0 0.375rem; padding: 0; border: 0; font-size: 1.0625rem; }
section.note ul { margin: 0; }
.figures { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 0.75rem; margin: 1.25rem 0; }
.figures div { display: flex; flex-direction: column-reverse; justify-content: flex-end; padding: 0.75rem 1rem; background: var(--tint); border-radius: 0.375rem; }
.figures dd { font-size: 1.625rem; font-weight: 600; font-variant-numeric: tabular-nums; margin: 0; }
@media screen and (max-width: 36rem) {
  .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  caption { display: block; }
  td.number + td:not(.number) { padding-left: 0; }
  table.grid, table.grid tbody, table.grid tr, table.grid th, table.grid td { display: revert; }
  table.grid thead { position: static; width: auto; height: auto; overflow: visible; clip-path: none; }
  table.grid th, table.grid td, table.grid td.number { padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid var(--rule); }
}
</xsl:template>

</xsl:stylesheet>
