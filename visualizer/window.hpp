// The window: GLFW, OpenGL 3 and ImGui's frames.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sim/base/types.hpp"

struct GLFWwindow;

namespace hvlab::visualizer {

/// A picture: rows from the top, 3 bytes a pixel.
struct Picture {
  int width = 0, height = 0;
  std::vector<u8> pixels;
};

/// A key that went down or repeats: GLFW_KEY_..., and GLFW_MOD_... of that moment.
struct KeyPress {
  int key = 0, modifiers = 0;
};

class Window {
 public:
  /// Throws UserError if there is no display or no OpenGL 3.
  Window(int width, int height, bool hidden);
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  /// The display's: 1 at about 96 dots an inch.
  float scale() const;
  int width() const;
  int height() const;
  bool wants_to_close() const;
  void close();
  GLFWwindow* handle() const { return window_; }

  /// Waits until something came from the user, at most `seconds`. True if something did.
  bool wait(double seconds);

  /// The keys since the last call. ImGui knows what is down when a frame begins; a key that is down and up
  /// again before it, as on a slow display, would be lost.
  std::vector<KeyPress> take_keys();

  /// Makes the fonts' texture and the hatches' anew, after make_look().
  void fonts_changed(float scale);

  /// One frame: what `draw` says. `ground` is 0xAABBGGRR. If `picture` is not null it gets what was drawn. In
  /// a hidden window there is no pointer.
  void frame(u32 ground, const std::function<void()>& draw, Picture* picture = nullptr);

 private:
  void make_canvas(int width, int height);

  GLFWwindow* window_ = nullptr;
  bool hidden_;
  unsigned canvas_ = 0, canvas_pixels_ = 0;  // of a hidden window: what a window shows nobody keeps
};

/// Writes it as PNG, beside its place first, so that nothing half-written is left there. Throws UserError.
void write_png(const Picture& picture, const std::string& file);
/// The same of tables, as they are.
void write_tables(const std::string& text, const std::string& file);

}  // namespace hvlab::visualizer
