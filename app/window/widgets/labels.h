// SPDX-License-Identifier: GPL-3.0-or-later
//
// Labels in the few kinds that the window knows. All show plain text only, whatever is in it.
// Thread: the GUI thread.
#pragma once

#include <QLabel>

namespace postern::window {

enum class LabelKind : quint8 { Body, Dim, Small, Section, Title, Big, Fixed };

QLabel* makeLabel(LabelKind kind, const QString& text = {}, QWidget* parent = nullptr);

// A one-line label that gives way: what does not fit is elided at its end and complete in the tool tip.
class ElidedLabel final : public QLabel {
    Q_OBJECT
  public:
    explicit ElidedLabel(LabelKind kind, QWidget* parent = nullptr);
    void setFullText(const QString& text);
    const QString& fullText() const { return m_full; }
    QSize minimumSizeHint() const override;
    QSize sizeHint() const override;

  protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

  private:
    void elide();
    QString m_full;
};

// A hairline.
class Hairline final : public QWidget {
    Q_OBJECT
  public:
    explicit Hairline(QWidget* parent = nullptr);

  protected:
    void paintEvent(QPaintEvent* event) override;
};

} // namespace postern::window
