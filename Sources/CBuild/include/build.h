#ifndef LATEXP_BUILD_H
#define LATEXP_BUILD_H

/// The commit that this program was built from, as `git describe` gives it; "unknown" when the build was not told.
///
/// It is compiled into a file of its own, so that a new commit does not build everything anew.
const char *latexp_build_commit(void);

#endif
