// SPDX-License-Identifier: GPL-3.0-or-later
//
// Flat controls over Fusion: hairlines, radius 4, a 2 px focus ring outside with 1 px gap. Over a system's own style
// (Windows 11, macOS) we use that style untouched.
//
// Thread: the GUI thread. Holds no colour: everything comes from roles() and the palette.
#pragma once

#include <QProxyStyle>

class QStyleOptionButton;
class QStyleOptionSlider;
class QStyleOptionTab;

namespace postern::window {

class PosternStyle final : public QProxyStyle {
    Q_OBJECT
  public:
    PosternStyle();
    static bool isOurs(); // do we draw on this system?

    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override;
    void drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override;
    void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                            const QWidget* widget) const override;
    QSize sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& contents,
                           const QWidget* widget) const override;
    int pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override;
    int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                  QStyleHintReturn* data) const override;
    using QProxyStyle::polish;
    void polish(QWidget* widget) override;

  private:
    void drawButtonLabel(const QStyleOptionButton& button, QPainter& painter) const;
    void drawScrollBar(const QStyleOptionSlider& bar, QPainter& painter, const QWidget* widget) const;
    void drawHeaderSection(const QStyleOption& option, QPainter& painter) const;
    void drawTab(const QStyleOptionTab& tab, QPainter& painter) const;
};

// A flat button panel; shared with the buttons that paint themselves.
void paintButtonPanel(QPainter& painter, const QRect& rect, const QColor& fill, const QColor& border);

} // namespace postern::window
