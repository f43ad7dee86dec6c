"""From interpolated frames to features: optical flow, image differences, optical strain.

Importing it is cheap: OpenCV loads when flow is first computed.
"""

from astsvm.features.head_motion import without_head_motion
from astsvm.features.image_difference import idsf
from astsvm.features.optical_flow import optical_flow
from astsvm.features.strain import optical_strain

__all__ = ["idsf", "optical_flow", "optical_strain", "without_head_motion"]
