# mmcomp run configs/swin/recipe_accv.py --jobs 1
# The published road: Swin V2 and MAE ViT, wrong labels dropped, three rounds of pseudo labels on test A, three on
# test B, 17 members, re-distribution. Published score: 0.7894 on test B. Which members the 17 were is not known; these
# are the last four rounds of each model, and one more. Hardware: 16 A100 80 GB, 29 trainings of 15 to 20 h.
# Weights: ImageNet-21k Swin V2, see README.md; the ViT is pre-trained here (a week).
title = 'ACCV 2022 WebFG: fine-grained images'
root = 'data/ACCV_workshop'
images = root + '/train'
from_mae = dict(model=dict(backbone=dict(init_cfg=dict(checkpoint='@mae.weights'))))
members = [
    dict(name='swin_b', config='b-384-arc.py', last=5, tau=0.0, options=dict()),
    dict(name='swin_l', config='l-384-arc.py', last=7, tau=0.0, options=dict()),
    dict(name='vit_arc', config='../vit/l-448-arc.py', last=1, tau=0.0, options=from_mae),
    dict(name='vit_ce', config='../vit/l-448-ce.py', last=1, tau=1.0, options=from_mae),
]
every, plain = dict(member=members), dict(member=members[-1:])
defaults = dict(
    Pretrain=dict(gpus=16), Train=dict(config='{member.config}', options='{member.options}', gpus=16, amp=True),
    Soup=dict(last='{member.last}'), Predict=dict(tta=True, tau='{member.tau}', half=True, gpus=8))
stages = dict(
    prepare=dict(type='Prepare', root=root, unlabelled=['testa', 'testb'], val_per_class=5),
    mae=dict(type='Pretrain', config='../mae/l-224-1600e.py', ann='@prepare.unlabelled', options=dict()),
    # The first models find the labels that are wrong.
    train_0=dict(type='Train', ann='@prepare.train', matrix=every),
    soup_0=dict(type='Soup', model='@train_0', matrix=every),
    own=dict(type='Predict', model='@soup_0', ann='@prepare.train', image_root=images, matrix=every),
    all_own=dict(type='Ensemble', tables='@own'),
    clean=dict(type='Clean', ann='@prepare.train', tables='@all_own', method='low_confidence', max_fraction=0.1),
)
rounds = [('0', 'a1', 'testa', '@clean'), ('a1', 'a2', 'testa', '@clean'), ('a2', 'a3', 'testa', '@clean'),
          ('a3', 'b1', 'testb', '@pseudo_a3'), ('b1', 'b2', 'testb', '@pseudo_a3'), ('b2', 'b3', 'testb', '@pseudo_a3')]
for before, now, test, rows in rounds:
    # The last models label the test set; the next ones learn from it.
    stages['look_' + now] = dict(
        type='Predict', model='@soup_' + before, folder=root + '/' + test, matrix=every)
    stages['together_' + now] = dict(type='Ensemble', tables='@look_' + now)
    stages['pseudo_' + now] = dict(
        type='PseudoLabel', table='@together_' + now, ann=rows, threshold=0.45, prefix=test)
    stages['train_' + now] = dict(type='Train', ann='@pseudo_' + now, matrix=every)
    stages['soup_' + now] = dict(type='Soup', model='@train_' + now, matrix=every)
# Of round a3 also a model with fewer, surer rows: four rounds of four members and this one are the 17.
stages.update(
    pseudo_sure=dict(type='PseudoLabel', table='@together_a3', ann='@clean', threshold=0.5, prefix='testa'),
    train_sure=dict(type='Train', ann='@pseudo_sure', matrix=plain),
    soup_sure=dict(type='Soup', model='@train_sure', matrix=plain))
for now in ('a3', 'b1', 'b2', 'b3', 'sure'):
    stages['val_' + now] = dict(
        type='Predict', model='@soup_' + now, ann='@prepare.val', image_root=images,
        matrix=plain if now == 'sure' else every)
# What the models of a3, b1 and b2 say of test B is known from the looks of the next round.
stages.update(
    look_end=dict(type='Predict', model='@soup_b3', folder=root + '/testb', matrix=every),
    look_sure=dict(type='Predict', model='@soup_sure', folder=root + '/testb', matrix=plain),
    final=dict(
        type='Ensemble', tables=['@look_b1', '@look_b2', '@look_b3', '@look_end', '@look_sure'],
        judges=['@val_a3', '@val_b1', '@val_b2', '@val_b3', '@val_sure'], scale=True, factor=25.0),
    labels=dict(type='Redistribute', table='@final', K=16),
    submission=dict(type='Submit', predictions='@labels'))
