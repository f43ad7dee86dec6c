"""The descriptors: no weight of them is learnt, only their two heads are fitted.

Class weights, pairs of classes (as libsvm takes them) and the epochs of the logistic regression are
ours, and the same for all.
"""

from __future__ import annotations

from astsvm.baselines.bi_woof import BI_WOOF_SVM
from astsvm.baselines.clip_content import Need
from astsvm.baselines.descriptor_svm import DescriptorSvm
from astsvm.baselines.flow_histograms import FHOOF_SVM, HOOF_SVM
from astsvm.baselines.image_blocks import IMAGE_BLOCKS_SVM
from astsvm.baselines.lbp_sip import LBP_SIP_SVM
from astsvm.baselines.lbp_top import LBP_TOP_SVM
from astsvm.baselines.mdmo import MDMO_SVM
from astsvm.baselines.registry import Baseline
from astsvm.baselines.strain_features import OSF_SVM, OSW_SVM
from astsvm.config import TrainingSettings

__all__ = ["HAND_CRAFTED"]

_EPOCHS = 50
_RBF = DescriptorSvm(kernel="rbf", c=1.0, standardise=True)

_OURS = "ours, as a bar to clear; no paper's method"
_LBP_TOP = (
    "G. Zhao and M. Pietikäinen, IEEE TPAMI 29(6), 2007, doi:10.1109/TPAMI.2007.1110; for "
    "micro-expressions W.-J. Yan et al., PLoS ONE 9(1), 2014, doi:10.1371/journal.pone.0086041"
)
_LBP_SIP = "Y. Wang et al., ACCV 2014, doi:10.1007/978-3-319-16865-4_34"
_HOOF = "R. Chaudhry et al., CVPR 2009, doi:10.1109/CVPR.2009.5206821"
_FHOOF = (
    "S. L. Happy and A. Routray, IEEE Transactions on Affective Computing 10(3), 2019, "
    "doi:10.1109/TAFFC.2017.2723386"
)
_BI_WOOF = (
    "S.-T. Liong et al., Signal Processing: Image Communication 62, 2018, "
    "doi:10.1016/j.image.2017.11.006"
)
_MDMO = (
    "Y.-J. Liu et al., IEEE Transactions on Affective Computing 7(4), 2016, "
    "doi:10.1109/TAFFC.2015.2485205"
)
_OSF = "S.-T. Liong et al., ISPACS 2014, doi:10.1109/ISPACS.2014.7024448"
_OSW = "S.-T. Liong et al., ACCV 2014 workshops, doi:10.1007/978-3-319-16631-5_47"

_INTERPOLATED = "frames are magnified and interpolated to 11 points in time"
_OWN_APEX = "the apex is where the clip itself moves most, not the annotated frame"
_ONE_FIELD = "one field, from onset to apex, instead of all; precomputed flow images have no other"


def _training(svm: DescriptorSvm) -> TrainingSettings:
    return TrainingSettings(
        epochs=_EPOCHS,
        class_weight="balanced",
        svm_kernel=svm.kernel,
        svm_degree=svm.degree,
        svm_c=svm.c,
        svm_gamma="scale" if svm.gamma is None else svm.gamma,
        svm_standardise=svm.standardise,
        svm_multiclass="one_vs_one",
    )


def _descriptor(
    name: str,
    title: str,
    source: str,
    needs: tuple[Need, ...],
    function: str,
    svm: DescriptorSvm,
    differs: tuple[str, ...] = (),
    *,
    is_map: bool = False,
    **options: object,
) -> Baseline:
    notes = (f"support vector machine: {svm.note[0].lower()}{svm.note[1:]}",) if svm.note else ()
    return Baseline(
        name=name,
        title=title,
        source=source,
        needs=needs,
        inputs=f"astsvm.baselines.{function}",
        training=_training(svm),
        options=options,
        is_map=is_map,
        differs=(*differs, *notes),
    )


HAND_CRAFTED: tuple[Baseline, ...] = (
    _descriptor(
        "flow_svm",
        "SVM on blurred flow pixels",
        _OURS,
        ("motion", "strain"),
        "flow_pixels:flow_pixels",
        _RBF,
        is_map=True,
        blur=1.0,
    ),
    _descriptor(
        "flow_svm_raw",
        "SVM on flow pixels",
        _OURS,
        ("motion", "strain"),
        "flow_pixels:flow_pixels",
        _RBF,
        is_map=True,
    ),
    _descriptor(
        "lbp_top",
        "LBP-TOP, R 1,1,4, P 4, 5 x 5",
        _LBP_TOP,
        ("frames",),
        "lbp_top:lbp_top",
        LBP_TOP_SVM,
        (_INTERPOLATED, "codes are taken of the whole frame and then divided into blocks"),
    ),
    _descriptor(
        "lbp_top_u2",
        "LBP-TOP, R 3, P 8, u2, 8 x 8",
        _LBP_TOP,
        ("frames",),
        "lbp_top:lbp_top",
        LBP_TOP_SVM,
        (_INTERPOLATED, "codes are taken of the whole frame and then divided into blocks"),
        radii=(3, 3, 3),
        points=8,
        blocks=(8, 8),
        uniform=True,
    ),
    _descriptor(
        "lbp_sip",
        "LBP-SIP",
        _LBP_SIP,
        ("frames",),
        "lbp_sip:lbp_sip",
        LBP_SIP_SVM,
        (_INTERPOLATED, "without the Gaussian pyramid; 16 and 4 bins a block is our reading"),
    ),
    _descriptor(
        "hoof",
        "HOOF",
        _HOOF,
        ("flow",),
        "flow_histograms:hoof",
        HOOF_SVM,
        ("5 x 5 blocks, and the fields one after the other, instead of a dynamical system",),
    ),
    _descriptor(
        "hoof_apex",
        "HOOF, onset to apex",
        _HOOF,
        ("motion",),
        "clip_descriptors:apex_hoof",
        HOOF_SVM,
        (_ONE_FIELD, "5 x 5 blocks", _OWN_APEX),
    ),
    _descriptor(
        "fhoof",
        "FHOOF",
        _FHOOF,
        ("flow",),
        "flow_histograms:fhoof",
        FHOOF_SVM,
        ("triangular membership in the two nearest bins; the fields one after the other",),
    ),
    _descriptor(
        "fhoof_apex",
        "FHOOF, onset to apex",
        _FHOOF,
        ("motion",),
        "clip_descriptors:apex_fhoof",
        FHOOF_SVM,
        (_ONE_FIELD, "triangular membership in the two nearest bins", _OWN_APEX),
    ),
    _descriptor(
        "bi_woof",
        "Bi-WOOF",
        _BI_WOOF,
        ("motion", "strain"),
        "clip_descriptors:lifted_bi_woof",
        BI_WOOF_SVM,
        ("blocks do not overlap; a block's weight is its mean strain, not the sum", _OWN_APEX),
    ),
    _descriptor(
        "mdmo",
        "MDMO",
        _MDMO,
        ("flow", "landmarks"),
        "mdmo:mdmo",
        MDMO_SVM,
        ("36 regions between 68 landmarks, of our drawing", "no factor of lengths to angles"),
    ),
    _descriptor(
        "osf",
        "Optical strain features (OSF)",
        _OSF,
        ("strain",),
        "clip_descriptors:apex_osf",
        OSF_SVM,
        ("strain from onset to apex instead of the mean over all frames", _OWN_APEX),
        is_map=True,
    ),
    _descriptor(
        "osw",
        "Optical strain weighted LBP-TOP (OSW)",
        _OSW,
        ("frames", "flow"),
        "clip_descriptors:stepwise_osw",
        OSW_SVM,
        (_INTERPOLATED, "without thresholds against noise"),
    ),
    _descriptor(
        "idsf_blocks",
        "Blocks of IDSF",
        _OURS,
        ("frames",),
        "clip_descriptors:idsf_maps",
        IMAGE_BLOCKS_SVM,
        is_map=True,
    ),
    _descriptor(
        "adjacent_blocks",
        "Blocks of adjacent differences",
        _OURS,
        ("frames",),
        "clip_descriptors:difference_maps",
        IMAGE_BLOCKS_SVM,
        is_map=True,
    ),
)
