"""Settings: defaults, then nightglass.toml in the working directory, then NIGHTGLASS_* in the environment."""

import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from dashboard.model.errors import InputError
from dashboard.model.host import check_entry, check_scheduler

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Settings(BaseSettings):
    """Everything that can be set; the text of each field is the manual."""

    model_config = SettingsConfigDict(
        env_prefix="NIGHTGLASS_", toml_file="nightglass.toml", frozen=True, extra="forbid", env_ignore_empty=True
    )

    data: Path = Field(default=Path("data"), description="Data directory: archive, catalogue, exports.")
    host: str = Field(default="127.0.0.1", description="Address to listen on; only loopback until there is a login.")
    port: int = Field(default=5006, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    cache_mb: int = Field(default=384, ge=16, description="Memory for decoded image blocks, MiB.")
    workers: int = Field(default=4, ge=1, le=64, description="Threads that read images and query the catalogue.")
    ceiling: int = Field(
        default=0,
        ge=0,
        le=4,
        description="Highest marking that is taken in: 0 unclassified, 1 restricted, 2 confidential, 3 secret, 4 top "
        "secret. Only as high as the machine is accredited for.",
    )
    tiles: str = Field(
        default="", description="Optional tile source, {z}/{x}/{y}; empty keeps the offline basemap and stays offline."
    )
    stac_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Hosts that `nightglass fetch-stac` may ask: host for https, host:port for another port and for "
        "http on this machine; with commas in the environment. Empty: it asks nobody.",
    )
    dask_scheduler: str = Field(
        default="",
        description="Dask scheduler for area runs, tcp://host:port, whose workers see the data directory under the "
        "same path; it and they do what anyone says who reaches them. Empty: workers of one's own on this machine.",
    )

    @field_validator("dask_scheduler")
    @classmethod
    def _scheduler(cls, given: str) -> str:
        return check_scheduler(given) if given.strip() else ""

    @field_validator("stac_hosts", mode="before")
    @classmethod
    def _hosts(cls, given: object) -> object:
        parts = given.split(",") if isinstance(given, str) else given
        if not isinstance(parts, list | tuple):
            return given
        return tuple(check_entry(str(part)) for part in parts if str(part).strip())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read, strongest first: arguments, environment, file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


@cache
def load_settings() -> Settings:
    """Return the settings of this process.

    Raises
    ------
    InputError
        If a value is unknown or out of range, or the file is no TOML; the text names it.
    """
    return _checked(Settings)


def with_options(settings: Settings, **options: object) -> Settings:
    """Return settings with options of the command line in their place, under the same limits; None changes nothing.

    Raises
    ------
    InputError
        If an option is out of range; the text names it.
    """
    given = {name: value for name, value in options.items() if value is not None}
    return _checked(lambda: Settings(**{**settings.model_dump(), **given}))


def _checked(make: Callable[[], Settings]) -> Settings:
    try:
        return make()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        msg = f"Setting {where!r} is {first.get('input')!r}: {first['msg']}. See nightglass.toml and NIGHTGLASS_*."
        raise InputError(msg) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"nightglass.toml is not readable as TOML: {error}. Mend that line or move the file away."
        ) from error
