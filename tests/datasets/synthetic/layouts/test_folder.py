from __future__ import annotations

from astsvm.datasets.synthetic.difficulty import DIFFICULTIES
from astsvm.datasets.synthetic.layouts.arrangement import arrange
from astsvm.datasets.synthetic.layouts.folder import LAYOUT
from astsvm.datasets.synthetic.plan import CorpusPlan, plan_labels


def test_sheet_lists_every_clip():
    plan = CorpusPlan(2, 3, DIFFICULTIES["easy"], 5, (320, 240), 50.0)
    labels = plan_labels(2, 3, 5)
    arrangement = arrange(LAYOUT, plan)
    lines = arrangement.sheet.decode("utf-8").splitlines()
    assert lines[0] == "clip,subject,label,path,database,onset,apex,offset,fps"
    assert len(lines) == 7
    clip, subject, label, path, database, onset, apex, offset, fps = lines[5].split(",")
    assert (clip, subject, label) == ("s02_c02", "s02", labels[1][1])
    assert (path, database, fps) == ("frames/s02/s02_c02", "synthetic", "50")
    script = plan.script(2, 2, label)
    assert (int(onset), int(apex), int(offset)) == (script.onset, script.apex, script.offset)
    assert len(arrangement.entries[4].folders[0].names) == script.length
