<?xml version="1.0" encoding="UTF-8"?>
<!-- How the facts of a page become HTML; optout.conf(5), TEMPLATES, tells what the facts are. To
     change a part of it, import it from a page.xsl of your own and write that template anew. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">

<xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>

<xsl:key name="text" match="text" use="@id"/>

<!-- The text of that name; about all advertising of the brand, the one for that. -->
<xsl:template name="text">
  <xsl:param name="id"/>
  <xsl:variable name="all" select="key('text', concat($id, '-all'))"/>
  <xsl:choose>
    <xsl:when test="/page/@wide = 'yes' and $all"><xsl:value-of select="$all"/></xsl:when>
    <xsl:otherwise><xsl:value-of select="key('text', $id)"/></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<xsl:template name="paragraph">
  <xsl:param name="id"/>
  <p><xsl:call-template name="text"><xsl:with-param name="id" select="$id"/></xsl:call-template></p>
</xsl:template>

<!-- A form of one button. -->
<xsl:template name="button">
  <xsl:param name="action"/>
  <xsl:param name="id"/>
  <xsl:param name="class" select="'secondary'"/>
  <form method="post">
    <xsl:call-template name="undo"/>
    <button type="submit" name="action" value="{$action}" class="{$class}">
      <xsl:call-template name="text"><xsl:with-param name="id" select="$id"/></xsl:call-template>
    </button>
  </form>
</xsl:template>

<!-- What the forms about an opt-out that was made send along. -->
<xsl:template name="undo">
  <xsl:if test="@undo"><input type="hidden" name="undo" value="{@undo}"/></xsl:if>
</xsl:template>

<xsl:template match="/page">
  <html lang="{@lang}">
    <head>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta name="color-scheme" content="light dark"/>
      <meta name="robots" content="noindex, nofollow"/>
      <meta name="referrer" content="no-referrer"/>
      <title>
        <xsl:if test="@typed"><xsl:value-of select="concat(key('text', 'error'), ': ')"/></xsl:if>
        <xsl:call-template name="heading"/>
        <xsl:if test="brand/@name"><xsl:value-of select="concat(' – ', brand/@name)"/></xsl:if>
      </title>
      <link rel="stylesheet" href="{style/@href}"/>
      <link rel="icon" href="{style/@icon}"/>
    </head>
    <body>
      <xsl:call-template name="header"/>
      <main>
        <h1><xsl:call-template name="heading"/></h1>
        <xsl:call-template name="content"/>
      </main>
      <xsl:call-template name="footer"/>
    </body>
  </html>
</xsl:template>

<xsl:template name="heading">
  <xsl:choose>
    <xsl:when test="@kind = 'ask' and not(@all)"><xsl:value-of select="key('text', 'ask-one-title')"/></xsl:when>
    <xsl:otherwise>
      <xsl:call-template name="text"><xsl:with-param name="id" select="concat(@kind, '-title')"/></xsl:call-template>
    </xsl:otherwise>
  </xsl:choose>
</xsl:template>

<xsl:template name="header">
  <header>
    <xsl:choose>
      <xsl:when test="brand/@logo-dark">
        <picture>
          <source srcset="{brand/@logo-dark}" media="(prefers-color-scheme: dark)"/>
          <img src="{brand/@logo}" alt="{brand/@name}"/>
        </picture>
      </xsl:when>
      <xsl:when test="brand/@logo"><img class="plate" src="{brand/@logo}" alt="{brand/@name}"/></xsl:when>
      <xsl:otherwise><p class="name"><xsl:value-of select="brand/@name"/></p></xsl:otherwise>
    </xsl:choose>
  </header>
</xsl:template>

<xsl:template name="footer">
  <footer>
    <xsl:if test="brand/line">
      <address>
        <xsl:for-each select="brand/line">
          <xsl:if test="position() &gt; 1"><br/></xsl:if>
          <xsl:value-of select="."/>
        </xsl:for-each>
      </address>
    </xsl:if>
    <xsl:if test="brand/@imprint | brand/@privacy | brand/@accessibility">
      <nav aria-label="{key('text', 'foot')}">
        <ul>
          <xsl:for-each select="brand/@imprint | brand/@privacy | brand/@accessibility">
            <li><a href="{.}"><xsl:value-of select="key('text', local-name())"/></a></li>
          </xsl:for-each>
        </ul>
      </nav>
    </xsl:if>
  </footer>
</xsl:template>

<!-- What stands below the heading. -->
<xsl:template name="content">
  <xsl:choose>
    <xsl:when test="@kind = 'ask'"><xsl:call-template name="ask"/></xsl:when>
    <xsl:when test="@kind = 'done'"><xsl:call-template name="done"/></xsl:when>
    <xsl:when test="@kind = 'thanks'"><xsl:call-template name="thanks"/></xsl:when>
    <xsl:when test="@kind = 'ask-undo'"><xsl:call-template name="ask-undo"/></xsl:when>
    <xsl:when test="@kind = 'general'"><xsl:call-template name="general"/></xsl:when>
    <xsl:when test="@kind = 'general-done'"><xsl:call-template name="now"/></xsl:when>
    <xsl:otherwise>
      <xsl:call-template name="paragraph"><xsl:with-param name="id" select="concat(@kind, '-text')"/></xsl:call-template>
    </xsl:otherwise>
  </xsl:choose>
</xsl:template>

<xsl:template name="ask">
  <xsl:choose>
    <xsl:when test="@all"><xsl:call-template name="paragraph"><xsl:with-param name="id" select="'ask-text'"/></xsl:call-template></xsl:when>
    <xsl:otherwise><xsl:call-template name="paragraph"><xsl:with-param name="id" select="'ask-one-text'"/></xsl:call-template></xsl:otherwise>
  </xsl:choose>
  <xsl:call-template name="button">
    <xsl:with-param name="action" select="'this'"/>
    <xsl:with-param name="id" select="'ask-this'"/>
    <xsl:with-param name="class" select="'primary'"/>
  </xsl:call-template>
  <xsl:if test="@all">
    <xsl:call-template name="button">
      <xsl:with-param name="action" select="'all'"/>
      <xsl:with-param name="id" select="'ask-all'"/>
    </xsl:call-template>
  </xsl:if>
  <div class="small">
    <xsl:call-template name="paragraph"><xsl:with-param name="id" select="'note'"/></xsl:call-template>
    <xsl:call-template name="paragraph"><xsl:with-param name="id" select="'ask-nothing'"/></xsl:call-template>
  </div>
</xsl:template>

<!-- What holds from now on. -->
<xsl:template name="now">
  <div class="done">
    <xsl:call-template name="paragraph"><xsl:with-param name="id" select="'done-text'"/></xsl:call-template>
    <xsl:call-template name="paragraph"><xsl:with-param name="id" select="'done-since'"/></xsl:call-template>
  </div>
  <div class="small">
    <xsl:call-template name="paragraph"><xsl:with-param name="id" select="'done-late'"/></xsl:call-template>
    <xsl:call-template name="paragraph"><xsl:with-param name="id" select="'note'"/></xsl:call-template>
  </div>
</xsl:template>

<xsl:template name="done">
  <xsl:call-template name="now"/>
  <xsl:call-template name="offer-undo"/>
  <xsl:if test="@undo and reason"><xsl:call-template name="ask-reason"/></xsl:if>
</xsl:template>

<xsl:template name="thanks">
  <div class="done">
    <xsl:call-template name="paragraph"><xsl:with-param name="id" select="'done-text'"/></xsl:call-template>
  </div>
  <xsl:call-template name="offer-undo"/>
</xsl:template>

<xsl:template name="offer-undo">
  <xsl:if test="@undo">
    <section>
      <h2><xsl:value-of select="key('text', 'undo-title')"/></h2>
      <xsl:call-template name="paragraph"><xsl:with-param name="id" select="'undo-text'"/></xsl:call-template>
      <xsl:call-template name="button">
        <xsl:with-param name="action" select="'undo'"/>
        <xsl:with-param name="id" select="'undo'"/>
      </xsl:call-template>
    </section>
  </xsl:if>
</xsl:template>

<xsl:template name="ask-reason">
  <section>
    <h2 id="reason"><xsl:value-of select="key('text', 'reason-title')"/></h2>
    <xsl:call-template name="paragraph"><xsl:with-param name="id" select="'reason-text'"/></xsl:call-template>
    <form method="post">
      <xsl:call-template name="undo"/>
      <fieldset aria-labelledby="reason">
        <xsl:for-each select="reason">
          <label class="choice">
            <input type="radio" name="reason" value="{@key}"/>
            <span><xsl:value-of select="."/></span>
          </label>
        </xsl:for-each>
      </fieldset>
      <label for="text"><xsl:value-of select="key('text', 'reason-free')"/></label>
      <p class="hint" id="text-hint"><xsl:value-of select="key('text', 'reason-hint')"/></p>
      <textarea id="text" name="text" rows="4" maxlength="{@text-max}" aria-describedby="text-hint"></textarea>
      <button type="submit" name="action" value="reason" class="secondary">
        <xsl:value-of select="key('text', 'reason')"/>
      </button>
    </form>
  </section>
</xsl:template>

<xsl:template name="ask-undo">
  <xsl:call-template name="paragraph"><xsl:with-param name="id" select="'ask-undo-text'"/></xsl:call-template>
  <xsl:call-template name="button">
    <xsl:with-param name="action" select="'undo'"/>
    <xsl:with-param name="id" select="'undo'"/>
    <xsl:with-param name="class" select="'primary'"/>
  </xsl:call-template>
</xsl:template>

<!-- Not of type "email": browsers then refuse addresses with letters beyond ASCII. -->
<xsl:template name="general">
  <xsl:call-template name="paragraph"><xsl:with-param name="id" select="'general-text'"/></xsl:call-template>
  <form method="post">
    <label for="address"><xsl:value-of select="key('text', 'general-address')"/></label>
    <p class="hint" id="address-hint"><xsl:value-of select="key('text', 'general-hint')"/></p>
    <xsl:if test="@typed">
      <p class="error" id="address-error"><xsl:value-of select="key('text', 'general-error')"/></p>
    </xsl:if>
    <input id="address" name="address" type="text" inputmode="email" autocomplete="email" autocapitalize="none" spellcheck="false" required="required" maxlength="320">
      <xsl:attribute name="aria-describedby">
        <xsl:if test="@typed">address-error </xsl:if>
        <xsl:text>address-hint</xsl:text>
      </xsl:attribute>
      <xsl:if test="@typed">
        <xsl:attribute name="aria-invalid">true</xsl:attribute>
        <xsl:attribute name="value"><xsl:value-of select="@typed"/></xsl:attribute>
      </xsl:if>
    </input>
    <button type="submit" class="primary"><xsl:value-of select="key('text', 'general')"/></button>
  </form>
  <div class="small">
    <xsl:call-template name="paragraph"><xsl:with-param name="id" select="'note'"/></xsl:call-template>
  </div>
</xsl:template>

</xsl:stylesheet>
