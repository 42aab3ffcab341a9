"""Every kind of malformed input, and its share among all."""

import fuzz_papers as papers
import fuzz_targets as targets
from fuzz_targets import Kind

TARGETS = {
    "messages": Kind(15, targets.messages),
    "replies": Kind(25, targets.answers),
    "policies": Kind(12, targets.policies),
    "manifests": Kind(5, targets.manifests),
    "terms": Kind(5, targets.terms),
    "papers": Kind(4, papers.papers),
    "rows": Kind(11, targets.rows),
    "logs": Kind(5, targets.logs),
    "proposals": Kind(5, targets.proposals),
    "transcripts": Kind(5, papers.transcripts),
    "overrides": Kind(3, targets.overrides),
    "settings": Kind(3, targets.settings),
    "folders": Kind(2, targets.folders),
}
