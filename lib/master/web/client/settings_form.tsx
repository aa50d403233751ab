/** @jsxImportSource preact */
/// <reference lib="dom" />
/** How the next videos are to be encoded. */
import type { ComponentChildren, VNode } from "preact";
import { type Codec, CODECS, LIMITS, PRESETS } from "../../../encode/settings.ts";
import { FACTS } from "./facts.ts";
import { CODEC_TEXTS } from "./job_texts.ts";
import { type UploadQuery, withField } from "./upload_query.ts";

const HEIGHTS = [2160, 1440, 1080, 720, 480, 360, 240];
const SOUNDS = { copy: "Copy", none: "None", "aac:128k": "AAC 128k", "opus:96k": "Opus 96k" };

export interface SettingsFormProps {
  readonly settings: UploadQuery;
  readonly onChange: (settings: UploadQuery) => void;
}

export function SettingsForm({ settings, onChange }: SettingsFormProps): VNode {
  const codec = settings["codec"] as Codec;
  const [best, worst] = LIMITS.crf[codec];
  const set = (name: string) => (value: string) =>
    onChange(withField(settings, name, value, FACTS.containers));
  const field = (name: string) => ({ name, value: settings[name]!, onValue: set(name) });
  return (
    <details class="settings">
      <summary>
        Settings
        <span class="summary-text">{summaryOf(settings)}</span>
      </summary>
      <div class="fields">
        <Choice {...field("codec")} label="Codec" options={CODECS.map((name) => [name, CODEC_TEXTS[name]])} />
        <NumberField {...field("crf")} label={`Quality (crf, ${best} best)`} min={best} max={worst} />
        <Choice {...field("preset")} label="Preset" options={PRESETS.map((name) => [name, name])} />
        <Choice
          {...field("height")}
          label="Size"
          options={[
            ["0", "As it is"],
            ...HEIGHTS.map((height) => [String(height), `${height} px high`] as const),
          ]}
        />
        <Choice
          {...field("container")}
          label="Container"
          options={FACTS.containers[codec].map((name) => [name, name.toUpperCase()])}
        />
        <Choice {...field("audio")} label="Sound" options={Object.entries(SOUNDS)} />
        <NumberField {...field("priority")} label="Priority (higher is sooner)" min={-100} max={100} />
      </div>
    </details>
  );
}

const summaryOf = (settings: UploadQuery): string =>
  [
    CODEC_TEXTS[settings["codec"] as Codec],
    `crf ${settings["crf"]}`,
    settings["preset"],
    ...(settings["height"] === "0" ? [] : [`${settings["height"]} px`]),
    settings["container"]!.toUpperCase(),
  ].join(" · ");

interface NumberFieldProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly min: number;
  readonly max: number;
  readonly onValue: (value: string) => void;
}

/** Counts as it is typed; what cannot be used is put back once one leaves the field. */
const NumberField = ({ label, name, value, min, max, onValue }: NumberFieldProps): VNode => (
  <Field label={label}>
    <input
      type="number"
      name={name}
      min={min}
      max={max}
      step="1"
      required
      value={value}
      onInput={({ currentTarget }) =>
        currentTarget.validity.valid && onValue(currentTarget.value)}
      onBlur={({ currentTarget }) => currentTarget.value = value}
    />
  </Field>
);

interface ChoiceProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly onValue: (value: string) => void;
}

const Choice = ({ label, name, value, options, onValue }: ChoiceProps): VNode => (
  <Field label={label}>
    <select name={name} value={value} onChange={({ currentTarget }) => onValue(currentTarget.value)}>
      {options.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
    </select>
  </Field>
);

const Field = (
  { label, children }: { readonly label: string; readonly children: ComponentChildren },
): VNode => (
  <label class="field">
    <span>{label}</span>
    {children}
  </label>
);
