#pragma once

#include <QList>
#include <QUrl>
#include <QWidget>

namespace tagalign::widgets {

/// An empty page: what belongs here, buttons for it, and a place to drop files on.
class DropArea : public QWidget
{
    Q_OBJECT

public:
    /// @param buttons the first is the default.
    DropArea(const QString& heading, const QString& sentence, const QStringList& buttons,
             QWidget* parent = nullptr);

Q_SIGNALS:
    void dropped(const QList<QUrl>& urls); ///< local files and folders
    void clicked(int button);              ///< from 0

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    bool m_isTarget = false;
};

} // namespace tagalign::widgets
