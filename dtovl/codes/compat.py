"""What a change of the bases takes from overlays (DT65x)."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

GIT_FAILED = Code(
    "DT657",
    "git-failed",
    Severity.ERROR,
    message="cannot read {ref} of the repository: {what}",
    suggestion="{cure}",
    source="gitrevisions(7), git-cat-file(1)",
    explanation="""`dtovl compat --against REF` reads what the boards were from the objects of the
git repository that the folder belongs to. It looks at no file of the work tree for that, changes
nothing, and fetches nothing: the commit must be there.

A shallow clone, as CI services make it, has only the newest commit:

    - uses: actions/checkout@v4            # has one commit
      with: {fetch-depth: 0}               # has all of them

or fetch just the one that is compared with: `git fetch --depth=1 origin main`.""",
)
