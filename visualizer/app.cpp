#include "visualizer/app.hpp"

#include <GLFW/glfw3.h>

#include <algorithm>

#include "sim/base/user_error.hpp"
#include "visualizer/live_bar.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

namespace {

std::string quoted(const std::string& field) {
  if (field.find_first_of(",\"\n\r") == std::string::npos) return field;
  std::string text = "\"";
  for (const char c : field) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

void add_row(std::string& text, const std::vector<std::string>& row) {
  for (size_t i = 0; i < row.size(); ++i) text += (i == 0 ? "" : ",") + quoted(row[i]);
  text += "\r\n";  // RFC 4180
}

}  // namespace

App::App(Window& window, Request request)
    : window_(window),
      request_(std::move(request)),
      state_(request_.state),
      runs_(views::open_runs(state_.runs)),
      messages_(views::Messages::load(state_.language)),
      asker_(request_.program) {
  adopt_state();
}

// What depends on the state and is dear to make: fonts, messages, where runs begin.
void App::adopt_state() {
  const float scale = (state_.scale > 0 ? state_.scale : window_.scale()) * (state_.present ? 1.5F : 1.0F);
  const bool first = frames_ == 0 && look_.text == nullptr;
  if (first || drawn_.language != state_.language) messages_ = views::Messages::load(state_.language);
  if (first || drawn_.language != state_.language || drawn_.dark != state_.dark || look_.scale != scale) {
    look_ = make_look(state_.language, state_.dark, scale);
    window_.fonts_changed(scale);
  }
  if (first || drawn_.align != state_.align) not_aligned_ = runs_.align(state_.align);
  drawn_ = state_;
}

bool App::watching() const {
  return again_ || asker_.busy() ||
         std::ranges::any_of(runs_.runs, [](const auto& run) { return run->live(); });
}

bool App::refresh_runs() {
  bool grown = false;
  for (const auto& run : runs_.runs) grown |= run->live() && run->refresh();
  return grown;
}

// A picture for a file is of what has been recorded: nobody attaches for it, since a paused run goes on when
// its last viewer leaves.
bool App::poll_live(double now) {
  if (makes_files() || request_.bench > 0) return false;
  const bool changed = live_.poll(runs_, now);
  for (const std::string& name : live_.take_gone()) say(messages_("live.gone", {name}));
  for (const auto& run : runs_.runs) {
    LiveRun* live = live_.of(*run);
    const std::optional<Picoseconds> stop = live != nullptr ? live->take_stop() : std::nullopt;
    if (stop) state_.at = run->shared(*stop);
  }
  return changed;
}

bool App::poll() {
  bool changed = asker_.poll();
  const double now = glfwGetTime();
  const PicosecondDelta end = runs_.span().second;
  bool grown = poll_live(now);
  changed |= grown;
  if (now - last_refresh_ > 0.3) {
    last_refresh_ = now;
    grown |= refresh_runs();
  }
  if (grown) {
    not_aligned_ = runs_.align(state_.align);
    follow(state_, end, runs_.span().second);
    changed = true;
  }
  changed |= again_ && now - last_drawn_ > 0.25;
  if (notice_until_ != 0 && now > notice_until_) {
    notice_.clear();
    notice_until_ = 0;
    changed = true;
  }
  return changed;
}

void App::say(const std::string& text) {
  notice_ = text;
  notice_until_ = glfwGetTime() + 6;
}

void App::copy_command() {
  glfwSetClipboardString(window_.handle(), state_to_command(state_).c_str());
  say(messages_("window.copied"));
}

std::string App::csv() {
  std::string text;
  for (const Table& table : tables_) {
    if (tables_.size() > 1) text += (text.empty() ? "" : "\r\n") + quoted("# " + table.name) + "\r\n";
    add_row(text, table.columns);
    for (const auto& row : table.rows) add_row(text, row);
  }
  return text;
}

// The window stays, whatever becomes of a file.
void App::save(const std::string& file, const std::function<void(const std::string&)>& write) {
  try {
    write(file);
    say(messages_("window.saved", {file}));
  } catch (const UserError& error) {
    say(error.what());
  }
}

// Runs that have vanished are no reason to close the window; a picture for a file would be of others.
void App::open(const std::vector<std::string>& names) {
  try {
    views::RunSet opened = views::open_runs(names);
    kept_.clear();
    runs_ = std::move(opened);
    state_.runs = names;
    not_aligned_ = runs_.align(state_.align);
  } catch (const UserError& error) {
    if (makes_files()) throw;
    say(error.what());
  }
}

void App::take_keys(Frame& frame) {
  const std::vector<View>& all = all_views();
  for (size_t i = 0; i < all.size(); ++i)
    if (frame.pressed(GLFW_KEY_1 + static_cast<int>(i))) state_.view = all[i].name;
  if (frame.pressed_with(GLFW_KEY_F1, 0) ||
      (frame.keys && frame.pressed_with(GLFW_KEY_SLASH, GLFW_MOD_SHIFT)))
    help_ = !help_;
  if (frame.pressed_with(GLFW_KEY_ESCAPE, 0)) help_ = false;
  const auto control = [&](int key) {
    return frame.pressed_with(key, GLFW_MOD_CONTROL) ||
           frame.pressed_with(key, GLFW_MOD_CONTROL | GLFW_MOD_SHIFT);
  };
  if (control(GLFW_KEY_C) && !ImGui::GetIO().WantTextInput) copy_command();
  if (control(GLFW_KEY_S)) want_picture_ = true;
  if (control(GLFW_KEY_E)) want_tables_ = true;
  if (control(GLFW_KEY_T)) state_.dark = !state_.dark;
  if (control(GLFW_KEY_L)) state_.language = state_.language == "en" ? "ja" : "en";
  if (control(GLFW_KEY_P)) state_.present = !state_.present;
  if (control(GLFW_KEY_Q)) window_.close();
  const float scale = state_.scale > 0 ? state_.scale : window_.scale();
  if (control(GLFW_KEY_EQUAL) || control(GLFW_KEY_KP_ADD)) state_.scale = std::min(4.0F, scale + 0.125F);
  if (control(GLFW_KEY_MINUS) || control(GLFW_KEY_KP_SUBTRACT)) state_.scale = std::max(0.5F, scale - 0.125F);
  if (control(GLFW_KEY_0)) state_.scale = 0;
}

// Arrows, Space and Enter are the view's, or ImGui's that go to buttons and lists: never both's.
void App::choose_keyboard(Frame& frame) {
  if (frame.pressed_with(GLFW_KEY_F2, 0)) widgets_ = !widgets_;
  if (frame.pressed_with(GLFW_KEY_ESCAPE, 0)) widgets_ = false;
  list_open_ = ImGui::IsPopupOpen("", ImGuiPopupFlags_AnyPopup);
  const bool ours = widgets_ || list_open_;
  int& flags = ImGui::GetIO().ConfigFlags;
  const bool before = (flags & ImGuiConfigFlags_NavEnableKeyboard) != 0;
  flags = ours ? flags | ImGuiConfigFlags_NavEnableKeyboard : flags & ~ImGuiConfigFlags_NavEnableKeyboard;
  if (before && !ours) ImGui::SetWindowFocus(nullptr);  // no frame stays around what had the focus
  if (widgets_) frame.status = frame.say("window.widgets");
}

void App::draw(bool still, Picture* picture) {
  if (!(state_ == drawn_)) adopt_state();
  Picture own;
  Picture* into = want_picture_ ? &own : picture;
  const bool tables_wanted = want_tables_ || !request_.csv.empty();
  std::vector<std::string> other_runs;
  window_.frame(
      look_.ground,
      [&] {
        const ImGuiIO& io = ImGui::GetIO();
        Frame frame{.state = state_,
                    .runs = runs_,
                    .say = messages_,
                    .look = look_,
                    .ask = asker_,
                    .live = live_,
                    .kept = kept_};
        frame.seconds = glfwGetTime();
        frame.delta = io.DeltaTime;
        frame.still = still;
        frame.keys = !io.WantTextInput && !help_ && !widgets_ && !list_open_ && !still;
        frame.wants_tables = tables_wanted;
        frame.key_presses = window_.take_keys();
        ImGui::SetNextWindowPos({0, 0});
        ImGui::SetNextWindowSize(io.DisplaySize);
        ImGui::PushFont(look_.text);
        ImGui::PushStyleColor(ImGuiCol_WindowBg, 0);  // the ground is there: not all pixels twice
        ImGui::Begin("hvlab", nullptr,
                     ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                         ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBringToFrontOnFocus |
                         ImGuiWindowFlags_NoScrollWithMouse);
        ImGui::PopStyleColor();
        take_keys(frame);
        draw_bars(frame);
        const float foot = ImGui::GetTextLineHeight() + look_.px(12);
        ImGui::BeginChild("view", {0, ImGui::GetContentRegionAvail().y - foot}, false,
                          ImGuiWindowFlags_NoScrollWithMouse);
        const auto view = std::ranges::find(all_views(), drawn_.view,
                                            [](const View& one) { return std::string(one.name); });
        (view == all_views().end() ? all_views().front() : *view).draw(frame);
        ImGui::EndChild();
        choose_keyboard(frame);
        draw_status(frame);
        if (help_) draw_help(frame);
        ImGui::End();
        ImGui::PopFont();
        animate_ = frame.animate && !still;
        again_ = frame.again && !still;
        loading_ = frame.loading;
        if (tables_wanted) tables_ = std::move(frame.tables);
        other_runs = std::move(frame.open_runs);
      },
      into);
  ++frames_;
  last_drawn_ = glfwGetTime();
  if (!other_runs.empty()) open(other_runs);
  if (into == &own) {  // the key comes within a frame: the next one is taken
    want_picture_ = false;
    save("hvlab-" + state_.view + ".png", [&](const std::string& file) { write_png(own, file); });
  }
  if (want_tables_)
    save("hvlab-" + state_.view + ".csv", [&](const std::string& file) { write_tables(csv(), file); });
  want_tables_ = false;
}

}  // namespace hvlab::visualizer
