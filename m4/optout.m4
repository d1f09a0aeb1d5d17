# Macros of optout-milter's configure.ac.

# OPTOUT_MISSING(WHAT, DEBIAN PACKAGE)
# Notes it; OPTOUT_END_IF_MISSING tells all at once, so that nobody has to come back for each.
AC_DEFUN([OPTOUT_MISSING], [
  AC_MSG_WARN([$1 is missing (Debian package: $2)])
  AS_CASE([" $optout_missing "], [*" $2 "*], [], [AS_VAR_APPEND([optout_missing], [" $2"])])
])

AC_DEFUN([OPTOUT_END_IF_MISSING], [
  AS_IF([test -n "$optout_missing"], [AC_MSG_ERROR([something is missing; on Debian:
  apt-get install$optout_missing])])
])

# OPTOUT_LIBRARY(VARIABLE, PKG-CONFIG MODULE, DEBIAN PACKAGE)
# A library that must be there.
AC_DEFUN([OPTOUT_LIBRARY], [
  PKG_CHECK_MODULES([$1], [$2], [], [OPTOUT_MISSING([$2], [$3])])
])

# OPTOUT_CFLAGS(VARIABLE, FLAGS)
# Appends those FLAGS to VARIABLE that the compiler takes. -Werror makes clang say no to a
# warning that it does not know.
AC_DEFUN([OPTOUT_CFLAGS], [
  for optout_flag in m4_normalize([$2]); do
    AC_MSG_CHECKING([whether $CC takes $optout_flag])
    optout_save=$CFLAGS
    CFLAGS="$CFLAGS -Werror $optout_flag"
    AC_COMPILE_IFELSE([AC_LANG_SOURCE([[int main(void) { return 0; }]])],
      [AC_MSG_RESULT([yes]); AS_VAR_APPEND([$1], [" $optout_flag"])],
      [AC_MSG_RESULT([no])])
    CFLAGS=$optout_save
  done
  AC_SUBST([$1])
])

# OPTOUT_LDFLAGS(VARIABLE, FLAGS)
# The same for the linker.
AC_DEFUN([OPTOUT_LDFLAGS], [
  for optout_flag in m4_normalize([$2]); do
    AC_MSG_CHECKING([whether the linker takes $optout_flag])
    optout_save=$LDFLAGS
    optout_save_cflags=$CFLAGS
    LDFLAGS="$LDFLAGS $optout_flag"
    CFLAGS="$CFLAGS $HARD_CFLAGS"
    AC_LINK_IFELSE([AC_LANG_SOURCE([[int main(void) { return 0; }]])],
      [AC_MSG_RESULT([yes]); AS_VAR_APPEND([$1], [" $optout_flag"])],
      [AC_MSG_RESULT([no])])
    LDFLAGS=$optout_save
    CFLAGS=$optout_save_cflags
  done
  AC_SUBST([$1])
])

# OPTOUT_OPTIMIZED(COMMANDS)
# Runs COMMANDS if the compiler optimizes: glibc warns about _FORTIFY_SOURCE without.
AC_DEFUN([OPTOUT_OPTIMIZED], [
  AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#ifndef __OPTIMIZE__
#error "not optimized"
#endif
int main(void) { return 0; }]])], [$1])
])

# OPTOUT_DIR(NAME, WHAT, FALLBACK BELOW PREFIX, MODULE, [VARIABLE])
# The folder that the module's pkg-config file names for it, in a variable of its own; --with-NAME=DIR
# takes another, --without-NAME none.
AC_DEFUN([OPTOUT_DIR], [
  AC_ARG_WITH([$1],
    [AS_HELP_STRING([--with-$1=DIR], [where $2 go (default: what pkg-config says)])],
    [], [with_$1=auto])
  AS_IF([test "x$with_$1" = xauto || test "x$with_$1" = xyes],
    [$1=`$PKG_CONFIG --variable=m4_default([$5], [$1]) $4 2>/dev/null`
     AS_IF([test -z "$$1"], [$1='${prefix}/$3'])],
    [test "x$with_$1" = xno], [$1=],
    [$1=$with_$1])
  AC_SUBST([$1])
  AM_CONDITIONAL(m4_toupper([WITH_$1]), [test -n "$$1"])
])
