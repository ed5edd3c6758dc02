"""The layer panel: what is drawn, how it is stretched, from whom."""

from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from dashboard.model.coverage import Measure
from dashboard.model.view import Layer, Stretch, StretchKind
from dashboard.render.coverage.classes import TITLES
from dashboard.state.pictures import Doing, Status
from dashboard.state.session import Session
from dashboard.views.text import COMPACT, text

LABELS = {
    Layer.IMAGERY: "Radar imagery",
    Layer.CHANGES: "Detected changes",
    Layer.LIVE: "Live detection, A to B",
    Layer.FRONTLINE: "Frontline at B",
    Layer.GHOST: "Frontline at A (dashed)",
    Layer.GROUND: "Ground gained and lost",
    Layer.DISPLACEMENT: "Movement of the front",
    Layer.DISAGREEMENT: "Where providers differ",
    Layer.ANNOTATIONS: "Annotations",
    Layer.COVERAGE: "Coverage",
    Layer.FOOTPRINTS: "Footprints",
    Layer.BASEMAP: "Basemap",
    Layer.PLACES: "Places",
    Layer.GRID: "MGRS grid (R)",
}
_STRETCHES = {"Percentile": StretchKind.PERCENTILE, "Fixed dB": StretchKind.FIXED, "Equalise": StretchKind.EQUALISE}


_FIRST_RANGE = {
    StretchKind.PERCENTILE: (2.0, 98.0),
    StretchKind.FIXED: (-22.0, 3.0),
    StretchKind.EQUALISE: (2.0, 98.0),
}


class LayersView(pn.viewable.Viewer):
    """Switches and the stretch; every control calls one intent."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        view = session.viewing.view
        self._switches = {layer: pmui.Switch(label=words, value=layer in view.layers, size="small", margin=(0, 8))
                          for layer, words in LABELS.items()}  # fmt: skip
        for layer, switch in self._switches.items():
            pn.bind(self._switched, switch.param.value, layer=layer, watch=True)
        self._status = text("", css_classes=["status"], margin=(0, 12))
        self._polarisation = pmui.RadioButtonGroup(options=["VV"], value="VV", size="small", margin=(4, 8), sx=COMPACT)
        self._kind = pmui.RadioButtonGroup(
            options=list(_STRETCHES), value="Percentile", size="small", margin=(4, 8), sx=COMPACT
        )
        self._range = pmui.RangeSlider(
            start=0,
            end=100,
            step=0.5,
            value=(2.0, 98.0),
            label="Stretch, percentile",
            margin=(4, 16),
            size="small",
            width=220,
        )
        self._opacity = pmui.FloatSlider(
            start=0,
            end=1,
            step=0.05,
            value=view.opacity,
            label="Imagery opacity",
            margin=(4, 16),
            size="small",
            width=220,
        )
        self._provider = pmui.Select(
            label="Frontline from", options=[], size="small", margin=(8, 8), visible=False, width=240
        )
        self._against = pmui.Select(
            label="compared with", options=[], size="small", margin=(8, 8), visible=False, width=240
        )
        self._measure = pmui.Select(
            label="Coverage shows", options={words: measure.value for measure, words in TITLES.items()},
            value=view.measure.value, size="small", margin=(4, 8), width=240, visible=Layer.COVERAGE in view.layers,
        )  # fmt: skip
        self._live_status = text("", css_classes=["status"], margin=(0, 12))
        self._coverage_status = text("", css_classes=["status"], margin=(0, 12))
        self._constellations = pmui.MultiChoice(label="Constellations", options=[], value=[], margin=(8, 8), width=240)
        pn.bind(self._chose_polarisation, self._polarisation.param.value, watch=True)
        pn.bind(self._chose_kind, self._kind.param.value, watch=True)
        pn.bind(self._chose_range, self._range.param.value_throttled, watch=True)
        pn.bind(session.viewing.opacity, self._opacity.param.value, watch=True)
        pn.bind(self._chose_provider, self._provider.param.value, watch=True)
        pn.bind(self._chose_against, self._against.param.value, watch=True)
        pn.bind(self._chose_measure, self._measure.param.value, watch=True)
        pn.bind(lambda names: session.viewing.choose_constellations(tuple(names)),
                self._constellations.param.value, watch=True)  # fmt: skip

    def __panel__(self) -> pn.viewable.Viewable:
        """Return the panel."""
        return pn.Column(
            text("<h2>Layers</h2>", margin=(8, 12, 2, 12)),
            self._switches[Layer.IMAGERY], self._status, self._polarisation, self._kind, self._range, self._opacity,
            self._switches[Layer.CHANGES], self._switches[Layer.LIVE], self._live_status,
            *(self._switches[layer] for layer in (Layer.ANNOTATIONS, Layer.FRONTLINE, Layer.GHOST, Layer.GROUND,
                                                  Layer.DISPLACEMENT, Layer.DISAGREEMENT)),
            self._provider, self._against,
            self._switches[Layer.COVERAGE], self._coverage_status, self._measure,
            *(self._switches[layer] for layer in (Layer.FOOTPRINTS, Layer.BASEMAP, Layer.PLACES, Layer.GRID)),
            self._constellations,
            css_classes=["panel", "layers"], width=260, margin=0,
        )  # fmt: skip

    # Intents

    def _switched(self, on: bool, layer: Layer) -> None:  # noqa: FBT001 - a widget's value
        self._session.viewing.show(layer, on=on)

    def _chose_polarisation(self, name: str) -> None:
        if name:
            self._session.viewing.choose(polarisation=name)

    def _chose_kind(self, name: str) -> None:
        kind = _STRETCHES[name]
        if kind is not self._session.viewing.view.stretch.kind:
            self._session.viewing.stretch(Stretch(kind, *_FIRST_RANGE[kind]))

    def _chose_range(self, limits: tuple[float, float] | None) -> None:
        kind = self._session.viewing.view.stretch.kind
        if limits is not None and kind is not StretchKind.EQUALISE and limits[0] < limits[1]:
            self._session.viewing.stretch(Stretch(kind, float(limits[0]), float(limits[1])))

    def _chose_provider(self, name: str | None) -> None:
        if name:
            self._session.viewing.choose_provider(name)

    def _chose_against(self, name: str | None) -> None:
        if name and name != self._session.fronttime.against:
            self._session.viewing.choose_against(name)

    def _chose_measure(self, name: str | None) -> None:
        if name and name != self._session.viewing.view.measure.value:
            self._session.viewing.choose_measure(Measure(name))

    # From the state

    def show_view(self) -> None:
        """Set every control to what the view says."""
        view = self._session.viewing.view
        for layer, switch in self._switches.items():
            _set(switch, value=layer in view.layers)
        stretch = view.stretch
        name = next(words for words, kind in _STRETCHES.items() if kind is stretch.kind)
        fixed = stretch.kind is StretchKind.FIXED
        _set(
            self._range, start=-35.0 if fixed else 0.0, end=15.0 if fixed else 100.0,
            label="Stretch, dB" if fixed else "Stretch, percentile", visible=stretch.kind is not StretchKind.EQUALISE,
        )  # fmt: skip
        if stretch.kind is not StretchKind.EQUALISE:
            _set(self._range, value=(stretch.low, stretch.high))
        _set(self._kind, value=name)
        _set(self._opacity, value=view.opacity)
        _set(self._measure, value=view.measure.value, visible=Layer.COVERAGE in view.layers)
        self._show_polarisations()

    def _show_polarisations(self) -> None:
        reach = self._session.reach
        radar = [acq for acq in (reach.b, reach.a) if acq is not None and not acq.optical]
        names = list(dict.fromkeys(p for acq in radar for p in acq.polarisations)) or ["VV"]
        wanted = self._session.viewing.view.polarisation
        if list(self._polarisation.options) != names:
            self._polarisation.param.update(options=names, value=wanted if wanted in names else names[0])
        elif wanted in names:
            _set(self._polarisation, value=wanted)

    def show_reach(self) -> None:
        """Offer the constellations that are over the map."""
        names = sorted({acq.constellation for acq in self._session.reach.everything})
        chosen = [name for name in self._session.viewing.view.constellations if name in names]
        if list(self._constellations.options) != names:
            self._constellations.param.update(options=names, value=chosen)

    def show_fronts(self) -> None:
        """Offer the frontline providers there are."""
        providers, chosen = list(self._session.fronting.providers), self._session.fronting.provider
        several = len(providers) > 1
        if list(self._provider.options or []) != providers:
            self._provider.param.update(options=providers, value=chosen, visible=several)
        _set(self._provider, value=chosen)
        others = [name for name in providers if name != chosen]
        shown = several and Layer.DISAGREEMENT in self._session.viewing.view.layers
        _set(self._against, options=others, value=self._session.fronttime.against, visible=shown)

    def show_status(self, status: Status) -> None:
        """Say beside the imagery switch what the layer is doing."""
        self._status.object = _said(status)

    def show_live(self, status: Status) -> None:
        """Say beside the switch of live detection what it is doing, or why it cannot."""
        self._live_status.object = _said(status)

    def show_coverage(self, status: Status) -> None:
        """Say beside the coverage switch what the layer is doing."""
        self._coverage_status.object = _said(status)


def _said(status: Status) -> str:
    words = status.doing.value + (f": {status.why}" if status.why else "")
    return "" if status.doing is Doing.READY else f'<span class="{status.doing.name.lower()}">{escape(words)}</span>'


def _set(widget: Any, **values: Any) -> None:  # noqa: ANN401 - any widget
    """Assign only what differs, so that a control set from the state does not call its intent again."""
    changed = {name: value for name, value in values.items() if getattr(widget, name) != value}
    if changed:
        widget.param.update(**changed)
