<?xml version="1.0" encoding="UTF-8"?>
<!-- What is held about one person, as `optout person` hands it over; optout.conf(5), TEMPLATES. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">

<xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>

<xsl:template match="/person">
  <html lang="en">
    <head>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta name="robots" content="noindex, nofollow"/>
      <meta name="referrer" content="no-referrer"/>
      <title>What is held about <xsl:value-of select="@address"/></title>
      <style><xsl:value-of select="css"/></style>
    </head>
    <body>
      <main>
        <xsl:call-template name="head"/>
        <xsl:call-template name="meaning"/>
        <xsl:call-template name="record"/>
        <xsl:call-template name="limits"/>
      </main>
      <footer class="small">
        <p>Made by <xsl:value-of select="@program"/> on <xsl:value-of select="@time"/>. Times are in UTC.</p>
      </footer>
    </body>
  </html>
</xsl:template>

<xsl:template name="head">
  <h1>What is held about <xsl:value-of select="@address"/></h1>
  <p class="faint">On the suppression list and in its ledger of decisions, as of <xsl:value-of select="@time"/>.</p>
  <xsl:if test="not(@held)">
    <p class="note">Nothing is held about this address<xsl:if test="fact">, but that its record was looked at</xsl:if>.</p>
  </xsl:if>
  <xsl:if test="@loss">
    <p class="note bad">Opt-outs may be missing: the list was restored without what it replaced.</p>
  </xsl:if>
  <dl>
    <dt>Address</dt><dd><xsl:value-of select="@address"/></dd>
    <dt>Held as</dt><dd><xsl:value-of select="@identity-text"/></dd>
    <dt>Choices that stand</dt><dd><xsl:value-of select="@standing"/></dd>
    <dt>Entries in the record</dt><dd><xsl:value-of select="count(fact)"/></dd>
  </dl>
</xsl:template>

<xsl:template name="meaning">
  <h2>What it means today</h2>
  <p>An opt-out or a block holds for its scope and for all below it: “acme” covers “acme/newsletter”, and “/” covers everything.</p>
  <table>
    <caption>Whether advertising mail may be sent to this address</caption>
    <thead>
      <tr><th scope="col">Mail about</th><th scope="col">This address</th><th scope="col">Because of event</th></tr>
    </thead>
    <tbody><xsl:apply-templates select="prospect"/></tbody>
  </table>
</xsl:template>

<xsl:template match="prospect">
  <tr>
    <th scope="row">
      <code><xsl:value-of select="@scope"/></code>
      <xsl:if test="@stream"> (stream <xsl:value-of select="@stream"/>)</xsl:if>
    </th>
    <td data-label="This address">
      <span>
        <xsl:attribute name="class"><xsl:choose><xsl:when test="@free">good</xsl:when><xsl:otherwise>bad</xsl:otherwise></xsl:choose></xsl:attribute>
        <xsl:value-of select="@text"/>
      </span>
    </td>
    <td data-label="Because of event">
      <xsl:choose>
        <xsl:when test="events != ''"><xsl:value-of select="events"/></xsl:when>
        <xsl:otherwise>none</xsl:otherwise>
      </xsl:choose>
    </td>
  </tr>
</xsl:template>

<xsl:template name="record">
  <h2>The record</h2>
  <p>Oldest first. Nothing in it is ever overwritten: what is said anew is written beside what was there, and what is removed stays in the record as removed.</p>
  <xsl:choose>
    <xsl:when test="fact">
      <table>
        <caption>Entries, with all that is kept of them</caption>
        <thead><tr><th scope="col">When</th><th scope="col">What</th></tr></thead>
        <tbody><xsl:apply-templates select="fact"/></tbody>
      </table>
    </xsl:when>
    <xsl:otherwise><p>There is no entry.</p></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<xsl:template match="fact">
  <tr>
    <th scope="row" class="when">
      <xsl:value-of select="substring(@time, 1, 10)"/><xsl:text> </xsl:text><xsl:value-of select="substring(@time, 12, 8)"/>
      <xsl:if test="@event != ''"><br/><span class="faint small"><xsl:value-of select="@event"/></span></xsl:if>
    </th>
    <td>
      <strong><xsl:value-of select="title"/></strong>
      <dl>
        <xsl:for-each select="detail">
          <dt><xsl:value-of select="@label"/></dt>
          <dd class="lines"><xsl:value-of select="."/></dd>
        </xsl:for-each>
      </dl>
      <xsl:for-each select="remark"><p class="small faint"><xsl:value-of select="."/></p></xsl:for-each>
    </td>
  </tr>
</xsl:template>

<xsl:template name="limits">
  <h2>What this page does not tell</h2>
  <p>It tells what the list and the ledger hold. These places were not searched:</p>
  <ul><xsl:for-each select="not-searched"><li><xsl:value-of select="."/></li></xsl:for-each></ul>
  <p class="note">Before this is handed over it has to be known that who asks is the person whose address this is. An address alone proves nothing.</p>
  <p>The address was looked for under version <xsl:value-of select="@address-rules"/> of the address rules, which is every version that this list was written under. The names of staff are left out.</p>
  <xsl:if test="prospect/@recorded">
    <p>Mail that went out as it came, as the streams are set now:</p>
    <ul>
      <xsl:for-each select="prospect[@recorded]">
        <li>stream <xsl:value-of select="@stream"/>: <xsl:value-of select="@recorded"/></li>
      </xsl:for-each>
    </ul>
  </xsl:if>
  <p>What these data are for, how long they are kept, and whom to complain to is told by who runs the list.</p>
</xsl:template>

</xsl:stylesheet>
