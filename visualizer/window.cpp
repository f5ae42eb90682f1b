#include "visualizer/window.hpp"

#define GL_GLEXT_PROTOTYPES
#include <GL/gl.h>
#include <GL/glext.h>
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include <cfloat>
#include <utility>

#include "sim/base/user_error.hpp"
#include "visualizer/look.hpp"

namespace hvlab::visualizer {

namespace {

bool something_came = false;
std::string last_problem;
std::vector<KeyPress> keys_since;

void note(GLFWwindow* /*window*/) { something_came = true; }

// ImGui's backend calls those that are there when it is set up.
void watch_input(GLFWwindow* window) {
  glfwSetKeyCallback(window, [](GLFWwindow* w, int key, int, int action, int modifiers) {
    if (action != GLFW_RELEASE) keys_since.push_back({key, modifiers});
    note(w);
  });
  glfwSetCharCallback(window, [](GLFWwindow* w, unsigned) { note(w); });
  glfwSetMouseButtonCallback(window, [](GLFWwindow* w, int, int, int) { note(w); });
  glfwSetScrollCallback(window, [](GLFWwindow* w, double, double) { note(w); });
  glfwSetCursorPosCallback(window, [](GLFWwindow* w, double, double) { note(w); });
  glfwSetCursorEnterCallback(window, [](GLFWwindow* w, int) { note(w); });
  glfwSetWindowFocusCallback(window, [](GLFWwindow* w, int) { note(w); });
  glfwSetFramebufferSizeCallback(window, [](GLFWwindow* w, int, int) { note(w); });
  glfwSetWindowRefreshCallback(window, note);
  glfwSetWindowCloseCallback(window, note);
}

// OpenGL's rows begin at the foot.
void read_pixels(int width, int height, Picture& picture) {
  picture = {width, height, {}};
  const auto row = static_cast<size_t>(width) * 3;
  std::vector<u8> upside_down(row * static_cast<size_t>(height));
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE, upside_down.data());
  picture.pixels.reserve(upside_down.size());
  for (size_t y = static_cast<size_t>(height); y-- > 0;) {
    const u8* begin = upside_down.data() + y * row;
    picture.pixels.insert(picture.pixels.end(), begin, begin + row);
  }
}

}  // namespace

Window::Window(int width, int height, bool hidden) : hidden_(hidden) {
  glfwSetErrorCallback([](int, const char* text) { last_problem = text; });
  if (glfwInit() == GLFW_FALSE) throw UserError("view: no window can be opened: " + last_problem);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 2);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  glfwWindowHint(GLFW_VISIBLE, hidden ? GLFW_FALSE : GLFW_TRUE);
  if (!hidden) glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE);
  window_ = glfwCreateWindow(width, height, "HVLab", nullptr, nullptr);
  if (window_ == nullptr) {
    glfwTerminate();
    throw UserError("view: no window with OpenGL 3.2 can be opened: " + last_problem);
  }
  glfwMakeContextCurrent(window_);
  glfwSwapInterval(hidden ? 0 : 1);
  watch_input(window_);
  ImGui::CreateContext();
  ImGui::GetIO().IniFilename = nullptr;  // what is remembered is ours (session.hpp)
  ImGui_ImplGlfw_InitForOpenGL(window_, true);
  // A presenter's remote: they are the lesson's, and do not move what has the keyboard's focus.
  ImGui::GetIO().KeyMap[ImGuiKey_PageUp] = ImGui::GetIO().KeyMap[ImGuiKey_PageDown] = -1;
  ImGui_ImplOpenGL3_Init("#version 150");
  if (hidden) make_canvas(width, height);
}

// OpenGL keeps the pixels of a framebuffer of one's own; those of a window that does not show are nobody's.
void Window::make_canvas(int width, int height) {
  glGenTextures(1, &canvas_pixels_);
  glBindTexture(GL_TEXTURE_2D, canvas_pixels_);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
  glGenFramebuffers(1, &canvas_);
  glBindFramebuffer(GL_FRAMEBUFFER, canvas_);
  glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, canvas_pixels_, 0);
}

Window::~Window() {
  free_hatches();
  if (canvas_ != 0) glDeleteFramebuffers(1, &canvas_);
  if (canvas_pixels_ != 0) glDeleteTextures(1, &canvas_pixels_);
  ImGui_ImplOpenGL3_Shutdown();
  ImGui_ImplGlfw_Shutdown();
  ImGui::DestroyContext();
  glfwDestroyWindow(window_);
  glfwTerminate();
}

float Window::scale() const {
  float x = 1, y = 1;
  glfwGetWindowContentScale(window_, &x, &y);
  return x;
}

int Window::width() const {
  int width = 0, height = 0;
  glfwGetFramebufferSize(window_, &width, &height);
  return width;
}

int Window::height() const {
  int width = 0, height = 0;
  glfwGetFramebufferSize(window_, &width, &height);
  return height;
}

bool Window::wants_to_close() const { return glfwWindowShouldClose(window_) != GLFW_FALSE; }
void Window::close() { glfwSetWindowShouldClose(window_, GLFW_TRUE); }

bool Window::wait(double seconds) {
  something_came = false;
  if (seconds > 0) {
    glfwWaitEventsTimeout(seconds);
  } else {
    glfwPollEvents();
  }
  return something_came;
}

std::vector<KeyPress> Window::take_keys() { return std::exchange(keys_since, {}); }

void Window::fonts_changed(float scale) {
  ImGui_ImplOpenGL3_DestroyFontsTexture();
  ImGui_ImplOpenGL3_CreateFontsTexture();
  free_hatches();
  make_hatches(scale);
}

void Window::frame(u32 ground, const std::function<void()>& draw, Picture* picture) {
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  if (hidden_) ImGui::GetIO().MousePos = {-FLT_MAX, -FLT_MAX};
  ImGui::NewFrame();
  draw();
  ImGui::Render();
  const ImVec4 color = ImGui::ColorConvertU32ToFloat4(ground);
  glViewport(0, 0, width(), height());
  glClearColor(color.x, color.y, color.z, 1);
  glClear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  if (picture != nullptr) read_pixels(width(), height(), *picture);
  glfwSwapBuffers(window_);
}

}  // namespace hvlab::visualizer
