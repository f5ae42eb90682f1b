#include "visualizer/look.hpp"

#include <cmath>
#include <filesystem>

#include "sim/base/user_error.hpp"

namespace hvlab::visualizer {

namespace {

constexpr const char* kInter = "/usr/share/fonts/opentype/inter/";
constexpr const char* kMono = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf";
constexpr const char* kJapanese = "/usr/share/fonts/opentype/ipafont-gothic/ipagp.ttf";

// Latin with its accents, Greek, punctuation, arrows, mathematical and geometric signs.
constexpr ImWchar kLatin[] = {0x20,   0x17f,  0x391,  0x3c9,  0x2000, 0x2027, 0x2030, 0x205e, 0x20ac,
                              0x20ac, 0x2190, 0x21ff, 0x2200, 0x22ff, 0x2300, 0x23ff, 0x2460, 0x2473,
                              0x25a0, 0x25ff, 0x2600, 0x26ff, 0x2713, 0x2717, 0};
// "日本語" in the menu of languages stands in every language.
constexpr ImWchar kLanguageNames[] = {0x65e5, 0x65e5, 0x672c, 0x672c, 0x8a9e, 0x8a9e, 0};

ImFont* load(const std::string& file, const char* package, float size, bool japanese) {
  for (const std::string& one : {file, std::string(kJapanese)}) {
    const bool ours = one == file;
    if (!std::filesystem::exists(one))
      throw UserError("font '" + one + "' is missing; install the package " +
                      (ours ? package : "fonts-ipafont-gothic"));
  }
  ImFontAtlas* fonts = ImGui::GetIO().Fonts;
  ImFontConfig config;
  config.OversampleH = 2;
  config.OversampleV = 1;
  ImFont* font = fonts->AddFontFromFileTTF(file.c_str(), size, &config, kLatin);
  config.MergeMode = true;
  config.OversampleH = 1;
  config.GlyphOffset.y = size * 0.04F;
  fonts->AddFontFromFileTTF(kJapanese, size, &config,
                            japanese ? fonts->GetGlyphRangesJapanese() : kLanguageNames);
  return font;
}

ImVec4 vec(ImU32 color) { return ImGui::ColorConvertU32ToFloat4(color); }

void set_colors(const Look& look) {
  ImGuiStyle& style = ImGui::GetStyle();
  look.dark ? ImGui::StyleColorsDark() : ImGui::StyleColorsLight();
  const auto set = [&](int what, ImU32 color) { style.Colors[what] = vec(color); };
  set(ImGuiCol_Text, look.ink);
  set(ImGuiCol_TextDisabled, look.faint);
  set(ImGuiCol_WindowBg, look.ground);
  set(ImGuiCol_ChildBg, 0);
  set(ImGuiCol_PopupBg, look.panel);
  set(ImGuiCol_MenuBarBg, look.panel);
  set(ImGuiCol_Border, look.line);
  set(ImGuiCol_Separator, look.line);
  set(ImGuiCol_FrameBg, look.panel);
  set(ImGuiCol_FrameBgHovered, faded(look.accent, 0.15F));
  set(ImGuiCol_FrameBgActive, faded(look.accent, 0.25F));
  set(ImGuiCol_Button, look.panel);
  set(ImGuiCol_ButtonHovered, faded(look.accent, 0.20F));
  set(ImGuiCol_ButtonActive, faded(look.accent, 0.35F));
  set(ImGuiCol_Header, faded(look.accent, 0.16F));
  set(ImGuiCol_HeaderHovered, faded(look.accent, 0.24F));
  set(ImGuiCol_HeaderActive, faded(look.accent, 0.32F));
  set(ImGuiCol_Tab, 0);
  set(ImGuiCol_TabHovered, faded(look.accent, 0.24F));
  set(ImGuiCol_TabActive, faded(look.accent, 0.18F));
  set(ImGuiCol_TableHeaderBg, look.panel);
  set(ImGuiCol_TableBorderLight, look.line);
  set(ImGuiCol_TableBorderStrong, look.line);
  set(ImGuiCol_TableRowBgAlt, faded(look.ink, 0.03F));
  set(ImGuiCol_CheckMark, look.accent);
  set(ImGuiCol_SliderGrab, look.accent);
  set(ImGuiCol_SliderGrabActive, look.accent);
  set(ImGuiCol_NavHighlight, look.accent);
  set(ImGuiCol_TextSelectedBg, faded(look.accent, 0.3F));
}

void set_sizes(float scale) {
  ImGuiStyle& style = ImGui::GetStyle();
  style = ImGuiStyle();
  style.WindowPadding = {14, 10};
  style.FramePadding = {8, 4};
  style.ItemSpacing = {8, 6};
  style.CellPadding = {8, 4};
  style.WindowRounding = 0;
  style.FrameRounding = 4;
  style.PopupRounding = 6;
  style.GrabRounding = 4;
  style.TabRounding = 4;
  style.FrameBorderSize = 1;
  style.ScrollbarSize = 12;
  style.ScaleAllSizes(scale);
}

}  // namespace

ImU32 opaque(u32 rgb) { return IM_COL32((rgb >> 16) & 0xff, (rgb >> 8) & 0xff, rgb & 0xff, 255); }

ImU32 faded(ImU32 color, float opacity) {
  const auto alpha = static_cast<ImU32>(std::lround(static_cast<float>(color >> IM_COL32_A_SHIFT) * opacity));
  return (color & ~static_cast<ImU32>(IM_COL32_A_MASK)) | (alpha << IM_COL32_A_SHIFT);
}

ImU32 Look::color(const views::Style& style) const { return opaque(dark ? style.dark : style.light); }

Look make_look(const std::string& language, bool dark, float scale) {
  Look look;
  look.dark = dark;
  look.scale = scale;
  look.ground = opaque(dark ? 0x16191d : 0xffffff);
  look.panel = opaque(dark ? 0x20252b : 0xf4f6f8);
  look.line = opaque(dark ? 0x3a424b : 0xd5dbe1);
  look.ink = opaque(dark ? 0xe6eaee : 0x1b2127);
  look.faint = opaque(dark ? 0x98a3ae : 0x5b6670);
  look.accent = opaque(dark ? 0x5aa9e6 : 0x0067b0);
  look.good = opaque(dark ? 0x2bbf95 : 0x00785a);
  look.bad = opaque(dark ? 0xf08a4b : 0xb84a00);
  set_sizes(scale);
  set_colors(look);
  ImGui::GetIO().Fonts->Clear();
  const bool japanese = language == "ja";
  const std::string inter = kInter;
  look.text = load(inter + "Inter-Regular.otf", "fonts-inter", 15 * scale, japanese);
  look.strong = load(inter + "Inter-SemiBold.otf", "fonts-inter", 15 * scale, japanese);
  look.heading = load(inter + "Inter-SemiBold.otf", "fonts-inter", 21 * scale, japanese);
  look.mono = load(kMono, "fonts-dejavu-core", 13.5F * scale, japanese);
  return look;
}

void legend(const Look& look, const views::Style& style, const std::string& text) {
  const float side = ImGui::GetTextLineHeight() * 0.8F;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float top = at.y + (ImGui::GetTextLineHeight() - side) / 2;
  fill(ImGui::GetWindowDrawList(), look, {at.x, top}, {at.x + side * 1.4F, top + side}, style);
  ImGui::Dummy({side * 1.4F, ImGui::GetTextLineHeight()});
  ImGui::SameLine(0, look.px(5));
  ImGui::TextUnformatted(text.c_str());
}

}  // namespace hvlab::visualizer
