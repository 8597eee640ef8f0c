#pragma once

#include "app/pages/Workspace.h"

#include <QAbstractListModel>
#include <QCache>
#include <QPixmap>

namespace tagalign::app {

/// The project's pictures as rows with thumbnails, which load while one scrolls.
class PictureList : public QAbstractListModel
{
    Q_OBJECT

public:
    explicit PictureList(Workspace& workspace, QObject* parent = nullptr);

    void setImages(const QList<db::Image>& images);

    [[nodiscard]] const db::Image& image(int row) const { return m_images.at(row); }

    [[nodiscard]] int rowOf(db::ImageId id) const; ///< -1 if it is not in the list

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;

private:
    [[nodiscard]] QPixmap thumbnail(const QModelIndex& index) const;

    Workspace& m_workspace;
    QList<db::Image> m_images;
    mutable QCache<QString, QPixmap> m_thumbnails; ///< by sha256; a null one is on its way
};

} // namespace tagalign::app
